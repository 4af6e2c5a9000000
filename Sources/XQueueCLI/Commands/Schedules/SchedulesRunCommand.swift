import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue schedules run`
struct SchedulesRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Submit a schedule's task now, apart from its ticks.",
        discussion: """
            Prints the new task's ID. With --wait, shows progress on standard error, prints the result once the task has \
            succeeded, and exits with the task's outcome, as 'xqueue submit --wait'. A paused schedule can be run, too.

            Examples:
              xqueue schedules run nightly
              xqueue schedules run nightly --wait --wait-for 10m
            """)

    @OptionGroup var options: ScheduleOptions

    @OptionGroup(title: "Waiting") var waiting: WaitOptions

    func validate() throws { try waiting.check() }

    func run() async throws {
        try await CommandRun.reporting {
            try await options.server.withClient { client in
                let reply = try await client.reply(to: .runSchedule(options.name))
                let id = try reply.decoded().id
                if waiting.waits {
                    try await waiting.wait(for: id, json: options.json, client)
                } else {
                    try Output.line(
                        options.json ? reply.text : id.description, after: "task \(id) was submitted")
                }
            }
        }
    }
}
