import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue stats`: shows queue statistics.
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show queue statistics.",
        discussion: """
            Examples:
              xqueue stats
              xqueue stats --json | jq .pending_tasks
            """)

    @Flag(help: "Print the server's JSON response.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show(.statistics, json: json) { stats in
            try stats.sheet().print()
            guard Terminal.output.isTerminal, !stats.types.isEmpty else { return }
            try Output.line("")
            try QueueType.table(stats.types).print()
        }
    }
}

extension ServerStatistics {
    /// Returns a table with a name and a value per row.
    fileprivate func sheet() -> TextTable {
        var table = TextTable([.init(head: "STATISTIC"), .init(head: "VALUE", isOnRight: true)])
        for status in TaskStatus.allCases {
            table.rows.append([status.rawValue, Self.number(counts[status] ?? 0)])
        }
        table.rows += [
            ["oldest pending", oldestPendingAge.map { Age.duration($0.inSeconds) } ?? "-"],
            ["nodes", Self.number(workers.count)],
            [
                "workers busy",
                activeWorkers == nil ? "-" : "\(Self.number(activeWorkers)) of \(Self.number(totalWorkers))",
            ],
            ["workers stuck", Self.number(stuckWorkers)],
            ["concurrency keys in use", Self.number(keysInUse)],
            ["submitted per second", Self.rate(rates.submitted)],
            ["succeeded per second", Self.rate(rates.succeeded)],
            ["failed per second", Self.rate(rates.failed)],
            ["retried per second", Self.rate(rates.retried)],
            ["uptime", Age.duration(uptime.inSeconds)],
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
