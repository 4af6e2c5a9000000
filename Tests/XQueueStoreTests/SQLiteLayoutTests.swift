import Foundation
import Testing
import XQueueCore
import XQueueSQLite
import XQueueTestServers

@Suite("SQLite layouts")
struct SQLiteLayoutTests {
    @Test("Opening a dump of each layout preserves its content", arguments: ["sqlite-5"])
    func dumps(_ name: String) async throws {
        let folder = try TemporaryFolder()
        let dump = LayoutDump(name)
        let path = folder.file("queue.db")
        try FileManager.default.copyItem(atPath: dump.folder.appending(path: "queue.db").path, toPath: path)
        for _ in 0..<2 {
            let store = try SQLiteStore(path: path)
            #expect(try await dump.differences(in: store) == [])
            #expect(try await store.events(after: .start, limit: 1000, waiting: .zero).events.count > 20)
            await store.close()
        }
    }
}
