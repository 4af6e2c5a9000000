import Foundation
import GRDB
import Testing
import XQueueCore
import XQueueTesting

@testable import XQueueSQLite

/// File failures: the error is clear, and no acknowledged task is lost.
@Suite struct SQLiteFailureTests {
    private let folder: TemporaryFolder
    private let ids = TaskIDGenerator()

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { folder.file("xqueue.db") }

    private func tasks(_ count: Int, bytes: Int = 2) -> [NewTask] {
        (0..<count).map { _ in
            NewTask(
                id: ids.next(), type: "t",
                payload: RawJSON(trusted: "\"" + String(repeating: "x", count: bytes) + "\""))
        }
    }

    @Test func aFullStoreRejectsTasksAndLosesNothing() async throws {
        let store = try SQLiteStore(path: path, maxFileBytes: 1 << 20)
        var accepted: [TaskID] = []
        var rejection: StoreError?
        while rejection == nil {
            let batch = tasks(10, bytes: 1500)
            do throws(StoreError) {
                _ = try await store.insert(batch)
                accepted += batch.map(\.id)
            } catch {
                rejection = error
            }
        }
        #expect(rejection?.code == .unavailable)
        #expect(rejection?.message.contains("full") == true)
        #expect(accepted.count > 100)
        // Existing tasks can still be processed, which frees space.
        let grant = ClaimGrant(
            token: LeaseToken(rawValue: 1), workerID: "w", lease: .seconds(60), grace: .zero)
        let claimed = try await store.claim(ClaimRequest(types: ["t"], count: 50, grant: grant)).tasks
        #expect(claimed.map(\.id) == Array(accepted.prefix(50)))
        let ends = claimed.enumerated().map { offset, record in
            Settlement(
                attempt: AttemptID(taskID: record.id, token: grant.token.offset(by: offset)),
                outcome: .success(nil))
        }
        _ = try await store.settle(ends)
        #expect(try await store.prune(Retention(age: .seconds(3600), count: 0), limit: 50) == 50)
        _ = try await store.insert(tasks(1))
        await store.close()

        let reopened = try SQLiteStore(path: path)
        #expect(try await reopened.tasks(TaskQuery(limit: 1)).total == accepted.count - 50 + 1)
        for id in accepted.dropFirst(50) { #expect(try await reopened.task(id) != nil) }
        await reopened.close()
    }

    @Test func aFileLockedByAnotherProgramIsUnavailableUntilItIsFree() async throws {
        let store = try SQLiteStore(path: path)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let error = await #expect(throws: StoreError.self) { try await store.insert(tasks(1)) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("locked") == true)
        #expect(try await store.tasks(TaskQuery()).total == 0)
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        _ = try await store.insert(tasks(1))
        #expect(try await store.tasks(TaskQuery()).total == 1)
        try other.close()
        await store.close()
    }

    @Test func aFileThatIsNotADatabaseIsRejected() throws {
        try Data(repeating: 0x41, count: 10_000).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains(path) == true)
    }

    @Test func aDamagedFileIsAnErrorNotACrash() async throws {
        let store = try SQLiteStore(path: path)
        _ = try await store.insert(tasks(500, bytes: 1000))
        await store.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let end = try file.seekToEnd()
        // Everything after the schema's pages.
        try file.seek(toOffset: 20 * 4096)
        file.write(Data(repeating: 0xFF, count: Int(end) - 20 * 4096))
        try file.close()

        do throws(StoreError) {
            let damaged = try SQLiteStore(path: path)
            let error = await #expect(throws: StoreError.self) {
                _ = try await damaged.tasks(TaskQuery(limit: 1000))
            }
            #expect(error?.code == .corrupt)
            await damaged.close()
        } catch {
            #expect(error.code == .corrupt)
        }
    }

    @Test func aMissingFolderIsNamed() {
        let error = #expect(throws: StoreError.self) {
            try SQLiteStore(path: folder.file("missing/xqueue.db"))
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("missing/xqueue.db") == true)
    }

    @Test func aDatabaseOfAnotherProgramIsRejected() throws {
        let other = try DatabaseQueue(path: path)
        try other.write { try $0.execute(sql: "CREATE TABLE foo (bar)") }
        try other.close()
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("another program") == true)
    }

    @Test func aLinkToTheFileIsTheSameStore() async throws {
        let store = try SQLiteStore(path: path)
        let link = folder.file("link.db")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: link) }
        #expect(error?.code == .inUse)
        await store.close()
        try await SQLiteStore(path: link).close()
    }

    @Test func aRemovedFileAcceptsNoTasks() async throws {
        let store = try SQLiteStore(path: path)
        _ = try await store.insert(tasks(1))
        try await store.check()
        try FileManager.default.removeItem(atPath: path)
        let error = await #expect(throws: StoreError.self) { try await store.insert(tasks(1)) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("removed") == true)
        await #expect(throws: StoreError.self) { try await store.check() }
        await store.close()
    }

    @Test func aCheckFailsWhileRealWorkDoes() async throws {
        let clock = ManualClock()
        let store = try SQLiteStore(path: path, maxFileBytes: 1 << 20, clock: clock)
        _ = try await store.insert(tasks(1))
        try await store.check()
        await #expect(throws: StoreError.self) { try await store.insert(tasks(1, bytes: 3 << 20)) }
        let error = await #expect(throws: StoreError.self) { try await store.check() }
        #expect(error?.message.contains("full") == true)
        clock.advance(by: .seconds(11))
        try await store.check()
        await #expect(throws: StoreError.self) { try await store.insert(tasks(1, bytes: 3 << 20)) }
        _ = try await store.insert(tasks(1))
        try await store.check()
        await store.close()
    }

    @Test func synchronousIsFull() async throws {
        let store = try SQLiteStore(path: path)
        let pragmas = try await store.database.writeWithoutTransaction { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA synchronous"),
                try String.fetchOne(db, sql: "PRAGMA journal_mode")
            )
        }
        #expect(pragmas.0 == 2)
        #expect(pragmas.1 == "wal")
        await store.close()
    }

    @Test func aPageOfLargePayloadsEndsEarly() async throws {
        let store = try SQLiteStore(path: path)
        _ = try await store.insert(tasks(10, bytes: 10_000))
        let page = try await store.tasks(TaskQuery(limit: 10, maxBytes: 25_000))
        #expect(page.tasks.count == 3)
        #expect(page.total == 10)
        #expect(try await store.tasks(TaskQuery(limit: 10, maxBytes: 0)).tasks.count == 1)
        await store.close()
    }

    @Test func oneFailedCallDoesNotFailTheOthersInItsGroup() async throws {
        let store = try SQLiteStore(path: path, maxFileBytes: 1 << 20)
        let tooLarge = tasks(1, bytes: 3 << 20)
        let small = (0..<50).map { _ in tasks(1) }
        let results = await withTaskGroup(of: (Bool, Bool).self) { group in
            group.addTask {
                (true, (try? await store.insert(tooLarge)) != nil)
            }
            for batch in small {
                group.addTask { (false, (try? await store.insert(batch)) != nil) }
            }
            return await group.reduce(into: [(Bool, Bool)]()) { $0.append($1) }
        }
        for (isLarge, isAccepted) in results { #expect(isAccepted == !isLarge) }
        #expect(try await store.tasks(TaskQuery()).total == 50)
        await store.close()
    }
}
