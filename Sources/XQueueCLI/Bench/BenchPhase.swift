import ArgumentParser

/// One part of a benchmark.
enum BenchPhase: String, CaseIterable, ExpressibleByArgument {
    case floor, submit, drain
    case endToEnd = "end-to-end"
    case pickUp = "pick-up"
    case http, batches, memory, nodes, backlog, prune, mqtt, events, subscribers, kafka, leases

    /// What is run if nothing is named.
    static func usual(for store: BenchOptions.Store) -> [BenchPhase] {
        switch store {
        case .sqlite: [.floor, .submit, .drain, .endToEnd, .pickUp, .http]
        case .redis: [.floor, .submit, .drain, .endToEnd, .pickUp, .batches, .memory, .nodes]
        }
    }

    var needsRedis: Bool {
        switch self {
        case .batches, .memory, .nodes, .prune: true
        case .floor, .submit, .drain, .endToEnd, .pickUp, .http, .backlog, .mqtt, .events, .subscribers,
            .kafka, .leases:
            false
        }
    }
}
