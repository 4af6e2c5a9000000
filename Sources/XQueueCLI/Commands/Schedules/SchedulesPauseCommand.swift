import ArgumentParser
import XQueueClient

/// `xqueue schedules pause`
struct SchedulesPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pause a schedule: it fires nothing until it is resumed.",
        discussion: """
            Tasks of earlier ticks continue.

            Examples:
              xqueue schedules pause nightly
              xqueue schedules pause nightly --reason 'until the move is done'
            """)

    @OptionGroup var options: ScheduleOptions

    @Option(help: ArgumentHelp("Why, for people.", valueName: "text"))
    var reason: String?

    func run() async throws { try await options.send(.pauseSchedule(options.name, reason: reason)) }
}

/// `xqueue schedules resume`
struct SchedulesResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Resume a paused schedule.",
        discussion: """
            The ticks in between are not caught up with; 'xqueue schedules backfill' submits their tasks.

            Examples:
              xqueue schedules resume nightly
            """)

    @OptionGroup var options: ScheduleOptions

    func run() async throws { try await options.send(.resumeSchedule(options.name)) }
}
