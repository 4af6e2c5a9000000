import Foundation
import XQueueCore
import XQueueSQLite

/// Where a benchmark stores its queues.
protocol BenchPlace: Sendable {
    /// Creates a new store with this event retention.
    func makeStore(_ events: EventRetention) async throws -> any Store

    /// Returns the CPU time that the store's server has used, in seconds; nil if there is no server.
    func serverCPUSeconds() async throws -> Double?

    /// Returns the memory that the store's server uses, in bytes; nil if there is no server.
    func serverMemory() async throws -> Int?
}

extension BenchPlace {
    /// Creates a new store.
    func makeStore() async throws -> any Store { try await makeStore(EventRetention()) }
}

/// A temporary folder for the databases of a benchmark.
final class BenchFolder: BenchPlace {
    let path: String
    private let number: Counter = Counter()

    init(_ parent: String?) throws {
        let parent = parent ?? FileManager.default.temporaryDirectory.path
        path = "\(parent)/xqueue-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Returns the path of a new database.
    func database() -> String { "\(path)/\(number.next()).db" }

    func makeStore(_ events: EventRetention) async throws -> any Store {
        try SQLiteStore(path: database(), limits: StoreLimits(events: events))
    }

    func serverCPUSeconds() async throws -> Double? { nil }

    func serverMemory() async throws -> Int? { nil }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
