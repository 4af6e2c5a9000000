import ArgumentParser

/// What `xqueue-bench` measures, and with which load.
struct BenchOptions: ParsableArguments {
    enum Store: String, CaseIterable, ExpressibleByArgument {
        case sqlite, redis
    }

    enum AppendOnly: String, CaseIterable, ExpressibleByArgument {
        case everysec, always
    }

    @Option(help: ArgumentHelp("Store to measure.", valueName: "store"))
    var store = Store.sqlite

    @Option(
        help: ArgumentHelp(
            "Running Redis server, on which only new keys are used; default: start one.",
            valueName: "address"))
    var redisAddr: String?

    @Option(
        help: ArgumentHelp(
            "Sync policy of the started Redis server's append-only file; default: no append-only file.",
            valueName: "policy"))
    var redisAppendonly: AppendOnly?

    @Option(
        help: ArgumentHelp(
            "Running Kafka brokers, on which only new topics are used; default: start one.",
            valueName: "addresses"))
    var kafkaBrokers: String?

    @Option(help: ArgumentHelp("Number of tasks per phase.", valueName: "count"))
    var tasks = 50_000

    @Option(help: ArgumentHelp("Number of handlers running simultaneously.", valueName: "count"))
    var concurrency = 100

    @Option(help: ArgumentHelp("Number of concurrent submitters.", valueName: "count"))
    var submitters = 64

    @Option(help: ArgumentHelp("Number of tasks per submission, 1 to 1000.", valueName: "count"))
    var batch = 1

    @Option(help: ArgumentHelp("Size of each payload in bytes.", valueName: "bytes"))
    var payload = 100

    @Option(
        help: ArgumentHelp(
            "Number of tasks in the large backlog, and of ended tasks to prune.",
            valueName: "count"))
    var backlog = 1_000_000

    @Option(help: ArgumentHelp("Number of event streams to open to one server.", valueName: "count"))
    var subscribers = 10_000

    @Option(help: ArgumentHelp("Number of HTTP workers waiting for tasks.", valueName: "count"))
    var pollers = 1000

    @Option(help: ArgumentHelp("Folder for the databases; they are removed afterwards.", valueName: "folder"))
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
            throw ValidationError("--redis-addr and --redis-appendonly require --store redis")
        }
        if redisAddr != nil, redisAppendonly != nil {
            throw ValidationError(
                "--redis-appendonly cannot be combined with --redis-addr")
        }
    }

    private func require(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
        guard range ~= value else {
            throw ValidationError("--\(name) must be between \(range.lowerBound) and \(range.upperBound)")
        }
    }
}

/// A phase of the benchmark.
enum BenchPhase: String, CaseIterable, ExpressibleByArgument {
    case floor, submit, drain
    case endToEnd = "end-to-end"
    case pickUp = "pick-up"
    case http, batches, memory, nodes, backlog, prune, mqtt, events, subscribers, kafka, leases

    /// The phases that run by default.
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
