import Foundation
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting

extension StoreHarness {
    /// SQLite stores that live in memory.
    static let sqliteInMemory = StoreHarness(name: "sqlite in memory") {
        clock, limits in
        try SQLiteStore(path: ":memory:", limits: limits, clock: clock)
    }

    /// SQLite stores on disk, in a folder that goes away with the harness.
    static func sqliteOnDisk() throws -> StoreHarness {
        let folder = try TemporaryFolder()
        return StoreHarness(name: "sqlite on disk") { clock, limits in
            let path = folder.file("\(UUID().uuidString).db")
            return try SQLiteStore(path: path, limits: limits, clock: clock)
        }
    }
}
