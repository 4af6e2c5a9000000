import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue schedules set`
struct SchedulesSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Create or replace a schedule; with --keep, change some of its fields.",
        discussion: """
            Replaces the whole schedule: fields that are not given take their defaults. What it has counted stays, and it \
            never catches up with ticks before the change. With --keep, only the given fields are changed; the JSON \
            objects of --payload, --metadata and --file are then merged into those of the schedule (RFC 7396), in which \
            null removes a member.

            'xqueue schedules preview' explains expressions and shows their ticks.

            --file reads a schedule as in PUT /api/v1/schedules/NAME: \
            {"cron":"30 2 * * *","task":{"type":"report"}}

            Examples:
              xqueue schedules set nightly '30 2 * * *' --time-zone Europe/Berlin --type report --payload '{"kind":"daily"}'
              xqueue schedules set cleanup --every 15m --type cleanup --overlap skip --catch-up none
              xqueue schedules set launch '0 9 * * MON' --type mail --starts-at 2026-06-01T00:00:00Z --max-runs 10
              xqueue schedules set nightly --keep --pause-after-failures 5 --max-retry 1
              xqueue schedules set nightly --keep --ends-at none --if-version 3
              xqueue schedules set nightly --file nightly.json
            """)

    @Argument(help: "Name of the schedule: 1 to 128 letters, digits, '.', '_', ':' or '-'.")
    var name: String

    @OptionGroup var timing: TimingOptions

    @OptionGroup(title: "Ticks") var fields: ScheduleFields

    @OptionGroup(title: "The task of each tick") var task: ScheduleTaskFields

    @OptionGroup(title: "Uniqueness of the task") var unique: UniqueFields

    @OptionGroup(visibility: .hidden) var single: SingleTaskFields

    @OptionGroup(visibility: .hidden) var conflict: ConflictFields

    @Option(
        name: .customLong("file"),
        help: ArgumentHelp(
            "JSON file with the schedule instead of options; - = standard input.", valueName: "file"),
        completion: .file())
    var path: String?

    @Flag(
        name: .customLong("keep"),
        help: "Change only the given fields of an existing schedule; keep the others.")
    var keepsRest = false

    @OptionGroup var condition: VersionOption

    @Flag(help: "Print the server's JSON response.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        try ScheduleOptions.check(name)
        if single.id != nil { throw ValidationError("--id cannot be used: each tick's task has its own ID") }
        if !single.start.isEmpty {
            throw ValidationError("--delay and --run-at cannot be used: tasks run at their ticks")
        }
        if !conflict.isEmpty {
            throw ValidationError(
                "--on-conflict cannot be used: a tick submits nothing while another task holds the key")
        }
        let isEmpty = timing.isEmpty && fields.isEmpty && task.isEmpty && unique.isEmpty
        if path != nil {
            guard isEmpty else {
                throw ValidationError(
                    "--file cannot be combined with an expression or fields of the schedule")
            }
            return
        }
        if keepsRest, isEmpty { throw ValidationError("--keep requires at least one field to change") }
        try timing.check(isPartial: keepsRest)
        if !keepsRest { try unique.checkKey() }
        if !keepsRest, task.type == nil { throw ValidationError("--type or --file is required") }
    }

    func run() async throws {
        try await CommandRun.reporting {
            let body = try body()
            let request: ClientRequest<QueueSchedule> =
                keepsRest
                ? .patchSchedule(name, body: body, version: condition.version)
                : .setSchedule(name, body: body, version: condition.version)
            try await server.show(request, json: json) { try QueueSchedule.table([$0]).print() }
        }
    }

    /// Returns the body of the request.
    ///
    /// - Throws: ``CommandError`` if a file cannot be read or is not JSON.
    func body() throws -> String {
        if let path {
            let source = path == "-" ? path : "@\(path)"
            let schedule = try PayloadSource.read(source, called: "the schedule")
            guard schedule.kind == .object else {
                throw CommandError(.badInput, "the schedule is not a JSON object")
            }
            return schedule.text
        }
        let members = try task.members(unique)
        var writer = JSONWriter()
        writer.object { writer in
            timing.write(to: &writer, isPartial: keepsRest)
            fields.write(to: &writer)
            guard !members.isEmpty else { return }
            writer.name("task")
            writer.object { writer in
                for member in members { writer.member(member.name, member.value) }
            }
        }
        return writer.text
    }
}
