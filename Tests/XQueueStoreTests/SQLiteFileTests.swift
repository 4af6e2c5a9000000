import Foundation
import GRDB
import Testing
import XQueueCore
import XQueueTesting

@testable import XQueueSQLite

/// The store's files: they cannot be opened twice under different names, and removing one loses no accepted task.
@Suite("SQLite files", .timeLimit(.minutes(5))) struct SQLiteFileTests {
    private let folder: TemporaryFolder
    private let ids = TaskIDGenerator()

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { folder.file("xqueue.db") }

    private func tasks(_ count: Int) -> [NewTask] {
        (0..<count).map { _ in NewTask(id: ids.next(), type: "t") }
    }

    private func remove(_ suffixes: String...) throws {
        for suffix in suffixes { try FileManager.default.removeItem(atPath: path + suffix) }
    }

    private func refused(_ path: String) -> StoreError? {
        #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
    }

    /// What a start would find if the process were killed now. Only file contents count then, so a copy will do.
    private func afterAKill(_ file: String) async throws -> Set<TaskID> {
        let copy = folder.file("copy-\(UUID().uuidString).db")
        try FileManager.default.copyItem(atPath: file, toPath: copy)
        let store = try SQLiteStore(path: copy)
        let found = try await store.tasks(TaskQuery(limit: 1000)).tasks.map(\.id)
        await store.close()
        return Set(found)
    }

    private var saved: [String] {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("xqueue.db.saved-") }.map { "\(folder)/\($0)" }
    }

    /// Inserts tasks until one is rejected; returns the accepted ones and the error.
    private func insertUntilRefused(_ store: SQLiteStore) async throws -> (Set<TaskID>, StoreError) {
        var accepted: Set<TaskID> = []
        var rejection: StoreError?
        try await eventually("an insert is rejected") {
            let batch = tasks(1)
            do throws(StoreError) {
                accepted.formUnion(try await store.insert(batch).map(\.record.id))
            } catch {
                rejection = error
            }
            return rejection != nil
        }
        return (accepted, try #require(rejection))
    }

    // MARK: - Locks

    @Test func aHardLinkIsTheSameStore() async throws {
        let store = try SQLiteStore(path: path)
        let link = folder.file("link.db")
        try FileManager.default.linkItem(atPath: path, toPath: link)
        #expect(refused(link)?.code == .inUse)
        // SQLite still holds its locks, which opening and closing the file in this process would have released.
        #expect(try await store.insert(tasks(1)).count == 1)
        await store.close()
        try await SQLiteStore(path: link).close()
    }

    @Test func aDanglingLinkIsTheSameStore() async throws {
        let link = folder.file("link.db")
        let further = folder.file("further.db")
        try FileManager.default.createSymbolicLink(atPath: further, withDestinationPath: "xqueue.db")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: further)
        let store = try SQLiteStore(path: link)
        for name in [link, further, path] { #expect(refused(name)?.code == .inUse, "\(name)") }
        #expect(FileManager.default.fileExists(atPath: path + ".lock"))
        await store.close()
        try await SQLiteStore(path: path).close()
    }

    @Test func aRemovedLockFileStillProtectsTheStore() async throws {
        let store = try SQLiteStore(path: path)
        try remove(".lock")
        #expect(refused(path)?.code == .inUse)
        await store.close()
        try await SQLiteStore(path: path).close()
    }

    @Test func otherUsersCannotReadTheFiles() async throws {
        let store = try SQLiteStore(path: path)
        _ = try await store.insert(tasks(1))
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let mode = try FileManager.default.attributesOfItem(atPath: path + suffix)[.posixPermissions]
            #expect(mode as? Int == 0o600, "\(suffix)")
        }
        await store.close()
    }

    // MARK: - Versions

    @Test func aFileOfANewerVersionIsRejected() async throws {
        try await SQLiteStore(path: path).close()
        let other = try DatabaseQueue(path: path)
        try await other.write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99: wonders')")
        }
        try other.close()
        let before = try Data(contentsOf: URL(filePath: path))
        let error = refused(path)
        #expect(error?.code == .newer)
        #expect(error?.message.contains("newer version") == true)
        #expect(error?.message.contains("99: wonders") == true)
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }

    // MARK: - Removed files

    @Test(arguments: [["-wal"], ["-shm"], ["-wal", "-shm"]])
    func withoutItsLogAllAcceptedTasksAreInTheDatabase(_ suffixes: [String]) async throws {
        let store = try SQLiteStore(path: path)
        var accepted = Set(try await store.insert(tasks(20)).map(\.record.id))
        for suffix in suffixes { try remove(suffix) }
        let (more, rejection) = try await insertUntilRefused(store)
        accepted.formUnion(more)
        #expect(rejection.code == .unavailable)
        #expect(rejection.message.contains("\(path)\(suffixes[0]) was removed"))
        await #expect(throws: StoreError.self) { try await store.check() }
        #expect(try await afterAKill(path) == accepted)
        // Existing tasks can still be read.
        #expect(try await store.tasks(TaskQuery(limit: 1)).total == accepted.count)
        await store.close()
        #expect(saved == [])
    }

    @Test func anIdleStoreIsWatchedToo() async throws {
        let store = try SQLiteStore(path: path)
        let accepted = Set(try await store.insert(tasks(20)).map(\.record.id))
        try remove("-wal")
        var found: Set<TaskID> = []
        try await eventually("all of it is in the database file") {
            // A copy made at this moment may be unusable.
            found = (try? await afterAKill(path)) ?? []
            return found == accepted
        }
        await store.close()
    }

    @Test func aReplacedLogIsNoticed() async throws {
        let store = try SQLiteStore(path: path)
        let accepted = Set(try await store.insert(tasks(5)).map(\.record.id))
        try Data().write(to: URL(filePath: path + "-new"))
        #expect(rename(path + "-new", path + "-wal") == 0)
        let (more, rejection) = try await insertUntilRefused(store)
        #expect(rejection.message.contains("-wal was replaced"))
        #expect(try await afterAKill(path) == accepted.union(more))
        await store.close()
    }

    @Test func aLogWrittenByAnotherProgramIsNotOverwritten() async throws {
        let store = try SQLiteStore(path: path)
        let accepted = Set(try await store.insert(tasks(5)).map(\.record.id))
        let before = try Data(contentsOf: URL(filePath: path))
        try Data(repeating: 1, count: 100).write(to: URL(filePath: path + "-new"))
        #expect(rename(path + "-new", path + "-wal") == 0)
        let (more, _) = try await insertUntilRefused(store)
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        #expect(saved.count == 1)
        #expect(try await afterAKill(try #require(saved.first)) == accepted.union(more))
        await store.close()
    }

    @Test(arguments: [[""], ["", "-wal", "-shm"]])
    func withoutItsDatabaseAllAcceptedTasksAreInACopy(_ suffixes: [String]) async throws {
        let store = try SQLiteStore(path: path)
        var accepted = Set(try await store.insert(tasks(20)).map(\.record.id))
        for suffix in suffixes { try remove(suffix) }
        let (more, rejection) = try await insertUntilRefused(store)
        accepted.formUnion(more)
        let copy = try #require(saved.first)
        #expect(saved.count == 1)
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try await afterAKill(copy) == accepted)
        // The first error may precede the completed copy; later ones name it.
        let later = await #expect(throws: StoreError.self) { try await store.insert(tasks(1)) }
        #expect(rejection.message.contains("was removed"))
        #expect(later?.message.contains(copy) == true)
        await store.close()
    }

    @Test func aMovedDatabaseHasAllAcceptedTasks() async throws {
        let store = try SQLiteStore(path: path)
        var accepted = Set(try await store.insert(tasks(20)).map(\.record.id))
        let moved = folder.file("moved.db")
        #expect(rename(path, moved) == 0)
        // It cannot be opened under the new name nor the old one.
        #expect(refused(moved)?.code == .inUse)
        #expect(refused(path)?.code == .inUse)
        let (more, _) = try await insertUntilRefused(store)
        accepted.formUnion(more)
        let place = try #require(([moved] + saved).last)
        #expect(try await afterAKill(place) == accepted)
        await store.close()
    }

    @Test func aStoreThatLostItsFilesLeavesItsSuccessorsAlone() async throws {
        let first = try SQLiteStore(path: path)
        _ = try await first.insert(tasks(5))
        try remove("", "-wal", "-shm", ".lock")
        let second = try SQLiteStore(path: path)
        var accepted = Set(try await second.insert(tasks(5)).map(\.record.id))
        _ = try await insertUntilRefused(first)
        await first.close()
        accepted.formUnion(try await second.insert(tasks(5)).map(\.record.id))
        try await second.check()
        await second.close()
        #expect(try await afterAKill(path) == accepted)
    }
}
