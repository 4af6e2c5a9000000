import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue schedules`: recurring tasks.
struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules",
        abstract: "Show when a schedule would fire.",
        discussion: """
            Examples:
              xqueue schedules preview '30 2 * * *' --time-zone Europe/Berlin
              xqueue schedules preview --every 15m
              xqueue schedules preview 'H/20 9-17 * * MON-FRI' --name reports --count 10
            """,
        subcommands: [SchedulesPreviewCommand.self])
}

/// `xqueue schedules preview`
struct SchedulesPreviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Show the next ticks of an expression, and what it means in words.",
        discussion: """
            The fields are minute, hour, day of the month, month and day of the week; six fields begin with seconds. Each is \
            *, a value, a range 1-5, a step */15, or a list of these; months and days of the week have names (JAN, MON). L \
            is the last day of the month, FRI#2 the second Friday, FRIL the last one, and H a value derived from --name. \
            @hourly, @daily, @weekly, @monthly and @yearly stand for what they say.
            """)

    @Argument(help: ArgumentHelp("Cron expression.", valueName: "expression"))
    var cron: String?

    @Option(
        help: ArgumentHelp("A period instead of an expression, such as 15m.", valueName: "duration"),
        transform: DurationArgument.parse)
    var every: Duration?

    @Option(
        help: ArgumentHelp("How much later than its multiples a period begins.", valueName: "duration"),
        transform: DurationArgument.parse)
    var offset: Duration?

    @Option(help: ArgumentHelp("IANA name, such as Europe/Berlin; default: UTC.", valueName: "zone"))
    var timeZone: String?

    @Option(
        help: ArgumentHelp(
            "Times that do not exist when clocks are changed: shift or skip. Needs --fold.",
            valueName: "policy"))
    var gap: String?

    @Option(
        help: ArgumentHelp(
            "Times that exist twice when clocks are changed: first, last or both. Needs --gap.",
            valueName: "policy"))
    var fold: String?

    @Option(help: ArgumentHelp("The schedule's name, which H is derived from.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("How many ticks, from 1 to 100.", valueName: "number"))
    var count = 5

    @Option(
        help: ArgumentHelp(
            "The time after which, such as 2026-03-28T00:00:00Z; default: now.", valueName: "time"),
        transform: Self.time)
    var after: Timestamp?

    @Flag(help: "Print the server's JSON response.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if (cron == nil) == (every == nil) { throw ValidationError("give either an expression or --every") }
        if offset != nil, every == nil { throw ValidationError("--offset goes with --every") }
        if (gap == nil) != (fold == nil) { throw ValidationError("--gap and --fold go together") }
    }

    private static func time(_ text: String) throws -> Timestamp {
        guard let time = RFC3339Reader.timestamp(text) else {
            throw ValidationError("\(text) is not a time like 2026-03-28T00:00:00Z")
        }
        return time
    }

    private var timing: PreviewedTiming {
        let rule = every.map { PreviewedTiming.Rule.every($0, offset: offset ?? .zero) } ?? .cron(cron ?? "")
        var timing = PreviewedTiming(rule, timeZone: timeZone)
        if let gap, let fold { timing.clockChanges = PreviewedTiming.ClockChanges(gap: gap, fold: fold) }
        return timing
    }

    func run() async throws {
        let request = ClientRequest<PreviewedSchedule>.previewSchedule(
            timing, name: name, count: count, after: after)
        try await server.show(request, json: json) { preview in
            if Terminal.output.isTerminal {
                try Output.line("\(preview.explanation) (\(preview.timeZone))\n")
            }
            var table = TextTable([.init(head: "LOCAL"), .init(head: "UTC")])
            table.rows = preview.ticks.map { [$0.local, $0.at.rfc3339] }
            try table.print()
        }
    }
}
