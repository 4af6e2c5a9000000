import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue schedules list`, and `xqueue schedules` alone.
struct SchedulesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the schedules by name.",
        discussion: """
            Shows all schedules unless --limit is given. NEXT is the next tick, or 'paused'; LAST the last tick that was \
            fired, and STATUS the status of its task.

            Examples:
              xqueue schedules list
              xqueue schedules list --limit 50 --after nightly
              xqueue schedules list --json | jq -r '.schedules[] | select(.paused).name'
            """)

    /// Maximum number of schedules per page.
    private static let largestPage = 1000

    @Option(
        help: ArgumentHelp(
            "Maximum number of schedules to show, 1 to \(largestPage); default: all.", valueName: "count"))
    var limit: Int?

    @Option(help: ArgumentHelp("Continue after the schedule with this name.", valueName: "name"))
    var after: String?

    @Flag(help: "Print each page as a line of JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard 1...Self.largestPage ~= limit ?? 1 else {
            throw ValidationError("--limit must be between 1 and \(Self.largestPage)")
        }
    }

    func run() async throws {
        try await CommandRun.reporting {
            try await server.withClient { client in try await list(client) }
        }
    }

    private func list(_ client: QueueClient) async throws {
        var schedules: [QueueSchedule] = []
        var next = after
        repeat {
            let reply = try await client.reply(to: .schedules(after: next, limit: limit ?? Self.largestPage))
            let page = try reply.decoded()
            if json { try Output.line(reply.text) } else { schedules += page.schedules }
            next = page.next
        } while next != nil && limit == nil
        guard !json else { return }
        try QueueSchedule.table(schedules).print()
        if Terminal.output.isTerminal, let next { try Output.line("next: --after \(next)") }
    }
}

extension QueueSchedule {
    /// Returns the schedules as a table.
    static func table(
        _ schedules: [QueueSchedule], isTerminal: Bool = Terminal.output.isTerminal
    ) -> TextTable {
        func time(_ time: Timestamp?) -> String {
            guard let time else { return "-" }
            return isTerminal ? Age.text(time.rfc3339) : time.rfc3339
        }
        var table = TextTable([
            .init(head: "NAME", least: 10, isName: true), .init(head: "WHEN", least: 12),
            .init(head: "TYPE", least: 8, isName: true, leaves: 5), .init(head: "NEXT", isOnRight: true),
            .init(head: "LAST", isOnRight: true), .init(head: "STATUS"),
            .init(head: "FIRED", isOnRight: true, leaves: 1),
            .init(head: "SKIPPED", isOnRight: true, leaves: 3),
            .init(head: "MISSED", isOnRight: true, leaves: 2),
            .init(head: "VERSION", isOnRight: true, leaves: 4),
        ])
        table.rows = schedules.map { schedule in
            [
                schedule.name, schedule.when, schedule.taskType,
                schedule.isPaused ? "paused" : time(schedule.nextAt), time(schedule.lastAt),
                schedule.lastStatus?.rawValue ?? "-", "\(schedule.counts.fired)",
                "\(schedule.counts.skipped)",
                "\(schedule.counts.missed)", "\(schedule.version)",
            ]
        }
        return table
    }

    /// When it fires: in words, else the rule itself.
    var when: String {
        let zone = timing?.timeZone.map { $0 == "UTC" ? "" : " (\($0))" } ?? ""
        return (explanation.isEmpty ? rule : explanation) + zone
    }

    private var rule: String {
        switch timing?.rule {
        case .cron(let text): text
        case .every(let period, _): "every \(DurationText.format(period))"
        case nil: "-"
        }
    }
}
