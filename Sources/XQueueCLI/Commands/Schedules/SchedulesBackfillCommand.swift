import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue schedules backfill`
struct SchedulesBackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Submit the tasks of past ticks.",
        discussion: """
            Submits a task for each tick from --from on and before --to, at most 1,000; prints the ticks and their tasks. \
            Ticks whose tasks exist ('known') are left alone, so repeating it is harmless. --dry-run shows what would be done.

            Examples:
              xqueue schedules backfill nightly --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z --dry-run
              xqueue schedules backfill nightly --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z
            """)

    @OptionGroup var options: ScheduleOptions

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp("First possible tick, such as 2026-03-01T00:00:00Z.", valueName: "time"),
        transform: TimeArgument.parse)
    var start: Timestamp

    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("End of the ticks, exclusive; not in the future.", valueName: "time"),
        transform: TimeArgument.parse)
    var end: Timestamp

    @Flag(name: .customLong("dry-run"), help: "Show the ticks only; submit nothing.")
    var isDryRun = false

    func validate() throws {
        guard start < end else { throw ValidationError("--from must be before --to") }
    }

    func run() async throws {
        let request = ClientRequest<ScheduleBackfill>.backfillSchedule(
            options.name, from: start, to: end, isDryRun: isDryRun)
        try await options.server.show(request, json: options.json) { backfill in
            try backfill.table.print()
            guard Terminal.output.isTerminal else { return }
            try Output.line(backfill.summary)
        }
    }
}

extension ScheduleBackfill {
    /// The ticks as a table.
    var table: TextTable {
        var table = TextTable([
            .init(head: "LOCAL"), .init(head: "UTC", leaves: 1), .init(head: "TASK"), .init(head: "STATE"),
        ])
        table.rows = ticks.map { tick in
            [tick.local, tick.tick.rfc3339, tick.taskID.description, tick.isNew ? "new" : "known"]
        }
        return table
    }

    /// What was done, in one line.
    var summary: String {
        let new = ticks.count { $0.isNew }
        return "\(new.grouped) of \(ticks.count.grouped) \(isDryRun ? "would be submitted" : "submitted")"
    }
}
