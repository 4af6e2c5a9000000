import ArgumentParser

/// What `xqueue-bench` measures, and with how much.
struct BenchOptions: ParsableArguments {
    enum Store: String, CaseIterable, ExpressibleByArgument {
        case sqlite, redis
    }

    enum AppendOnly: String, CaseIterable, ExpressibleByArgument {
        case everysec, always
    }

    @Option(help: ArgumentHelp("Which store is measured.", valueName: "store"))
    var store = Store.sqlite

    @Option(
        help: ArgumentHelp(
            "A running Redis server, of which only new keys are used; without it, one is started.",
            valueName: "address"))
    var redisAddr: String?

    @Option(
        help: ArgumentHelp(
            "How often the started Redis server syncs its append-only file; without it, it has none.",
            valueName: "policy"))
    var redisAppendonly: AppendOnly?

    @Option(
        help: ArgumentHelp(
            "Running Kafka brokers, of which only new topics are used; without it, one is started.",
            valueName: "addresses"))
    var kafkaBrokers: String?

    @Option(help: ArgumentHelp("How many tasks each phase moves.", valueName: "count"))
    var tasks = 50_000

    @Option(help: ArgumentHelp("How many handlers run at once.", valueName: "count"))
    var concurrency = 100

    @Option(help: ArgumentHelp("How many callers submit at once.", valueName: "count"))
    var submitters = 64

    @Option(help: ArgumentHelp("How many tasks one submission holds, 1 to 1000.", valueName: "count"))
    var batch = 1

    @Option(help: ArgumentHelp("The size of each payload, in bytes.", valueName: "bytes"))
    var payload = 100

    @Option(
        help: ArgumentHelp(
            "How many tasks the large backlog holds, and how many ended ones are pruned.",
            valueName: "count"))
    var backlog = 1_000_000

    @Option(help: ArgumentHelp("How many event streams are opened at one server.", valueName: "count"))
    var subscribers = 10_000

    @Option(help: ArgumentHelp("How many workers over HTTP wait for tasks.", valueName: "count"))
    var pollers = 1000

    @Option(help: ArgumentHelp("The folder for the databases; removed afterwards.", valueName: "folder"))
    var folder: String?

    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    func validate() throws {
        try require(tasks, "tasks", 1...100_000_000)
        try require(concurrency, "concurrency", 1...100_000)
        try require(submitters, "submitters", 1...10_000)
        try require(batch, "batch", 1...1000)
        try require(payload, "payload", 2...(1 << 20))
        try require(pollers, "pollers", 1...100_000)
        try require(backlog, "backlog", 1...100_000_000)
        try require(subscribers, "subscribers", 1...1_000_000)
        if store == .sqlite, redisAddr != nil || redisAppendonly != nil {
            throw ValidationError("--redis-addr and --redis-appendonly need --store redis")
        }
        if redisAddr != nil, redisAppendonly != nil {
            throw ValidationError(
                "--redis-appendonly is for a started server, not for the one at --redis-addr")
        }
    }

    private func require(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
        guard range ~= value else {
            throw ValidationError("--\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

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
