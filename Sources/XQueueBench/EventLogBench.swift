import XQueueCore

/// The cost of the event log: drains a backlog with and without it.
struct EventLogBench {
    /// Number of alternating rounds, so that other load on the machine affects both.
    private static let rounds = 3
    /// The log may reduce the rate by at most 15 %.
    private static let aim = 0.85

    let queue: QueueBench

    /// Returns the median result of each.
    func run() async throws -> [BenchResult] {
        var without: [BenchResult] = []
        var with: [BenchResult] = []
        for _ in 0..<Self.rounds {
            without.append(try await drain("drain-without-events", EventRetention(count: 0)))
            with.append(try await drain("drain-with-events", EventRetention()))
        }
        let floor = Self.median(without)
        return [floor, Self.median(with).compared(with: floor, aim: Self.aim)]
    }

    private func drain(_ name: String, _ events: EventRetention) async throws -> BenchResult {
        try await queue.drain(queue.options.tasks, name: name, events: events)
    }

    private static func median(_ results: [BenchResult]) -> BenchResult {
        results.sorted { $0.rate < $1.rate }[results.count / 2]
    }
}
