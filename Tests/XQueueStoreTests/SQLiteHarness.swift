import Foundation
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting

extension StoreHarness {
    /// In-memory SQLite stores.
    static let sqliteInMemory = StoreHarness(name: "sqlite in memory") {
        clock, limits in
        try SQLiteStore(path: ":memory:", limits: limits, clock: clock)
    }

    /// SQLite stores on disk, in a folder removed with the harness.
    static func sqliteOnDisk() throws -> StoreHarness {
        let folder = try TemporaryFolder()
        return StoreHarness(name: "sqlite on disk") { clock, limits in
            let path = folder.file("\(UUID().uuidString).db")
            return try SQLiteStore(path: path, limits: limits, clock: clock)
        }
    }
}
