import ArgumentParser
import XQueueClient

/// `xqueue schedules rm`
struct SchedulesRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Delete a schedule; its tasks stay.",
        discussion: """
            Examples:
              xqueue schedules rm nightly
              xqueue schedules rm nightly --if-version 3
            """)

    @OptionGroup var options: ScheduleOptions

    @OptionGroup var condition: VersionOption

    func run() async throws {
        try await CommandRun.reporting {
            try await options.server.withClient { client in
                let reply = try await client.reply(
                    to: .removeSchedule(options.name, version: condition.version))
                let done = "deleted \(options.name)"
                try Output.line(options.json ? reply.text : done, after: done)
            }
        }
    }
}
