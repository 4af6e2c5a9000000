import ArgumentParser
import XQueueClient

/// `xqueue schedules`: recurring tasks.
struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules",
        abstract: "List the schedules; show, create, change, pause, run or delete one.",
        discussion: """
            Examples:
              xqueue schedules
              xqueue schedules set nightly '30 2 * * *' --time-zone Europe/Berlin --type report
              xqueue schedules set nightly --keep --overlap allow
              xqueue schedules show nightly
              xqueue schedules pause nightly --reason 'until the move is done'
              xqueue schedules run nightly --wait
              xqueue schedules preview '30 2 * * *' --time-zone Europe/Berlin
            """,
        subcommands: [
            SchedulesListCommand.self, SchedulesShowCommand.self, SchedulesSetCommand.self,
            SchedulesPauseCommand.self, SchedulesResumeCommand.self, SchedulesRunCommand.self,
            SchedulesBackfillCommand.self, SchedulesRemoveCommand.self, SchedulesPreviewCommand.self,
        ],
        defaultSubcommand: SchedulesListCommand.self)
}

/// The schedule a command acts on, and how the result is printed.
struct ScheduleOptions: ParsableArguments {
    @Argument(help: "Name of the schedule.")
    var name: String

    @Flag(help: "Print the server's JSON response.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws { try Self.check(name) }

    /// - Throws: `ValidationError` if the name is empty, which would address all schedules.
    static func check(_ name: String) throws {
        if name.isEmpty { throw ValidationError("the name must not be empty") }
    }

    /// Calls the API and shows the schedule's new state.
    func send(_ request: ClientRequest<QueueSchedule>) async throws {
        try await server.show(request, json: json) { try QueueSchedule.table([$0]).print() }
    }
}

/// `--if-version`, for changes of a schedule that someone else may have changed.
struct VersionOption: ParsableArguments {
    @Option(
        name: .customLong("if-version"),
        help: ArgumentHelp(
            "Only if the schedule has this version; 0 = only if it does not exist.", valueName: "version"))
    var version: Int?

    func validate() throws {
        if let version, version < 0 { throw ValidationError("--if-version must be 0 or more") }
    }
}
