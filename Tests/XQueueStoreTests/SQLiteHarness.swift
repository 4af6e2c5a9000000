import Foundation
import XQueueCore
import XQueueSQLite
import XQueueTesting

extension StoreHarness {
    /// SQLite stores that live in memory.
    static let sqliteInMemory = StoreHarness(name: "sqlite in memory", followsClockSteps: true) {
        clock, limits in
        try SQLiteStore(path: ":memory:", options: .init(limits), clock: clock)
    }

    /// SQLite stores on disk, in a folder that goes away with the harness.
    static func sqliteOnDisk() throws -> StoreHarness {
        let folder = try TemporaryFolder()
        return StoreHarness(name: "sqlite on disk", followsClockSteps: true) { clock, limits in
            let path = folder.file("\(UUID().uuidString).db")
            return try SQLiteStore(path: path, options: .init(limits), clock: clock)
        }
    }
}

extension SQLiteStoreOptions {
    init(_ limits: StoreHarness.Limits) {
        self.init()
        maxBacklog = limits.maxBacklog
        maxTypes = limits.maxTypes
        events = limits.events
    }
}
