import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue schedules show`
struct SchedulesShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about a schedule, its next ticks and last runs.",
        discussion: """
            A line 'next' is a tick in the schedule's time zone and in UTC; a line 'run' is a tick, the status of its task, \
            and the task's ID.

            Examples:
              xqueue schedules show nightly
              xqueue schedules show nightly --json | jq '.runs[] | select(.status == "failed")'
            """)

    @OptionGroup var options: ScheduleOptions

    func run() async throws {
        try await CommandRun.reporting {
            try await options.server.withClient { client in
                let reply = try await client.reply(to: .schedule(options.name))
                if options.json { return try Output.line(reply.text) }
                try Output.write(
                    try ScheduleSheet.text(reply.text, isTerminal: Terminal.output.isTerminal))
            }
        }
    }
}

/// A schedule, with one line for each field that has a value, each tick and each run.
enum ScheduleSheet {
    /// - Parameters:
    ///   - json: The schedule as the server wrote it.
    ///   - isTerminal: Whether to align the values; otherwise tabs separate them.
    static func text(_ json: String, isTerminal: Bool) throws -> String {
        guard let members = try RawJSON.members(of: json) else { return json + "\n" }
        var sheet = FactSheet(isTerminal: isTerminal)
        for member in members where member.value.kind != .null {
            switch member.name {
            case "explain": sheet.add("when", word("en", of: member.value))
            case "counts":
                let counts = try member.value.members() ?? []
                sheet.add("ticks", counts.map { "\($0.value.text) \($0.name)" }.joined(separator: ", "))
            case "next":
                for tick in try member.value.elements() ?? [] {
                    sheet.add("next", word("local", of: tick), word("at", of: tick))
                }
            case "runs":
                for run in try member.value.elements() ?? [] {
                    let status = word("status", of: run)
                    sheet.add(
                        "run", word("tick", of: run),
                        isTerminal ? status.padded(to: statusWidth) : status, word("task_id", of: run))
                }
            default: sheet.add(member.name, member.value.string ?? member.value.text)
            }
        }
        return sheet.text
    }

    private static let statusWidth = TaskStatus.allCases.map(\.rawValue.count).max() ?? 0

    /// Returns a member as text; `-` if it is missing or null.
    private static func word(_ name: String, of object: RawJSON) -> String {
        guard let value = try? object.members()?.first(where: { $0.name == name })?.value,
            value.kind != .null
        else { return "-" }
        return value.string ?? value.text
    }
}
