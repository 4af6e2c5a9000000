import Foundation
import XQueueCore
import XQueueSQLite

/// Where a benchmark keeps its queues.
protocol BenchPlace: Sendable {
    /// A store that nobody else uses, which keeps that many events.
    func makeStore(_ events: EventRetention) async throws -> any Store

    /// The processor time that the store's server used so far, in seconds; nil if there is no server.
    func serverCPUSeconds() async throws -> Double?

    /// The memory that the store's server uses, in bytes; nil if there is no server.
    func serverMemory() async throws -> Int?
}

extension BenchPlace {
    /// A store that nobody else uses.
    func makeStore() async throws -> any Store { try await makeStore(EventRetention()) }
}

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

    func makeStore(_ events: EventRetention) async throws -> any Store {
        try SQLiteStore(path: database(), limits: StoreLimits(events: events))
    }

    func serverCPUSeconds() async throws -> Double? { nil }

    func serverMemory() async throws -> Int? { nil }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
