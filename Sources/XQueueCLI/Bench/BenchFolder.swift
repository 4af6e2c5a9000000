import Foundation
import XQueueCore
import XQueueSQLite

/// A folder for the databases of a benchmark, which goes when it is over.
final class BenchFolder: BenchPlace {
    let path: String
    private let number: Counter = Counter()

    init(_ parent: String?) throws {
        let parent = parent ?? FileManager.default.temporaryDirectory.path
        path = "\(parent)/xqueue-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The path of a new database.
    func database() -> String { "\(path)/\(number.next()).db" }

    func makeStore(_ events: EventRetention) async throws -> any TaskStore {
        var options = SQLiteStoreOptions()
        options.events = events
        return try SQLiteStore(path: database(), options: options)
    }

    func serverCPUSeconds() async throws -> Double? { nil }

    func serverMemory() async throws -> Int? { nil }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
