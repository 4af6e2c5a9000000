import XQueueCore

/// Where a benchmark keeps its queues.
protocol BenchPlace: Sendable {
    /// A store that nobody else uses, which keeps that many events.
    func makeStore(_ events: EventRetention) async throws -> any TaskStore

    /// The processor time that the store's server used so far, in seconds; nil if there is no server.
    func serverCPUSeconds() async throws -> Double?

    /// The memory that the store's server uses, in bytes; nil if there is no server.
    func serverMemory() async throws -> Int?
}

extension BenchPlace {
    /// A store that nobody else uses.
    func makeStore() async throws -> any TaskStore { try await makeStore(EventRetention()) }
}
