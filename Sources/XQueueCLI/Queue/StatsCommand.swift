import ArgumentParser
import XQueueCore

/// `xqueue stats`: the queue in numbers.
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show the queue in numbers.",
        discussion: """
            Examples:
              xqueue stats
              xqueue stats --json | jq .pending_tasks
            """)

    @Flag(help: "Print what the server answered.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await CommandRun.reporting {
            try await server.withClient { client in
                let reply = try await client.get("/stats")
                if json { return try Output.line(reply.text) }
                let stats = try reply.decoded(ServerStatistics.self)
                try stats.sheet(text: reply.text).print()
                guard Terminal.output.isTerminal, !stats.types.isEmpty else { return }
                try Output.line("")
                try ListedType.table(stats.types).print()
            }
        }
    }
}

/// What is told of the queue as a whole.
struct ServerStatistics: Decodable {
    // What a token for some types may not know is nil.
    let totalWorkers: Int?
    let activeWorkers: Int?
    let stuckWorkers: Int?
    let workers: [Node]
    let oldestPendingAge: Double?
    let rates: Rates
    let types: [ListedType]
    let keysInUse: Int
    let uptime: Double
    let version: String

    struct Node: Decodable { let id: String }

    /// Tasks a second, over the last minute.
    struct Rates: Decodable {
        let submitted: Double?
        let succeeded: Double?
        let failed: Double?
        let retried: Double?
    }

    enum CodingKeys: String, CodingKey {
        case workers, rates, types, uptime, version
        case totalWorkers = "total_workers"
        case activeWorkers = "active_workers"
        case stuckWorkers = "stuck_workers"
        case oldestPendingAge = "oldest_pending_age"
        case keysInUse = "concurrency_keys_in_use"
    }

    /// A name and a value on each line.
    ///
    /// - Parameter text: The answer, for the counts, whose names are made of the statuses.
    func sheet(text: String) throws -> TextTable {
        let members = try RawJSON.members(of: text) ?? []
        var table = TextTable([.init(head: "NUMBER"), .init(head: "VALUE", isOnRight: true)])
        for status in TaskStatus.allCases {
            let count = members.first { $0.name == "\(status.rawValue)_tasks" }?.value.integer
            table.rows.append([status.rawValue, Self.number(count.map { Int($0) } ?? 0)])
        }
        table.rows += [
            ["oldest pending", oldestPendingAge.map { Age.duration($0) } ?? "-"],
            ["nodes", Self.number(workers.count)],
            [
                "workers busy",
                activeWorkers == nil ? "-" : "\(Self.number(activeWorkers)) of \(Self.number(totalWorkers))",
            ],
            ["workers stuck", Self.number(stuckWorkers)],
            ["concurrency keys in use", Self.number(keysInUse)],
            ["submitted a second", Self.rate(rates.submitted)],
            ["succeeded a second", Self.rate(rates.succeeded)],
            ["failed a second", Self.rate(rates.failed)],
            ["retried a second", Self.rate(rates.retried)],
            ["up", Age.duration(uptime)],
            ["version", version],
        ]
        return table
    }

    private static func number(_ number: Int?) -> String {
        guard let number else { return "-" }
        return Terminal.output.isTerminal ? number.grouped : "\(number)"
    }

    private static func rate(_ rate: Double?) -> String {
        rate.map { "\(($0 * 10).rounded() / 10)" } ?? "-"
    }
}
