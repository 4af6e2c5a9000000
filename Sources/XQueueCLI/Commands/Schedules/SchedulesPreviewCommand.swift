import ArgumentParser
import XQueueClient
import XQueueCore

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

            Examples:
              xqueue schedules preview '30 2 * * *' --time-zone Europe/Berlin
              xqueue schedules preview --every 15m
              xqueue schedules preview 'H/20 9-17 * * MON-FRI' --name reports --count 10
            """)

    @OptionGroup var timing: TimingOptions

    @Option(help: ArgumentHelp("The schedule's name, which H is derived from.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Number of ticks, 1 to 100.", valueName: "number"))
    var count = 5

    @Option(
        help: ArgumentHelp(
            "The time after which, such as 2026-03-28T00:00:00Z; default: now.", valueName: "time"),
        transform: TimeArgument.parse)
    var after: Timestamp?

    @Flag(help: "Print the server's JSON response.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws { try timing.check() }

    func run() async throws {
        let request = ClientRequest<PreviewedSchedule>.previewSchedule(
            timing.timing, name: name, count: count, after: after)
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
