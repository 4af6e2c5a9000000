import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue retry`: requeues ended tasks.
struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Requeue failed, timed-out or canceled tasks, with all their retries.",
        discussion: """
            Prints one line per task. If one task cannot be requeued, the rest still are, and the exit code is 1, or 2 \
            if there is no such task.

            Examples:
              xqueue retry 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f
              xqueue list --status failed --type mail --all --ids | xqueue retry -
            """)

    @OptionGroup var tasks: TaskOptions

    @Flag(help: "Print each task as a line of JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await tasks.each(server) { client, id, _ in
            let reply = try await client.reply(to: .retry(id))
            if json { return try Output.line(reply.text, after: "\(id) is pending") }
            let status = try reply.decoded().status.rawValue
            try Output.line("\(id)\(Output.separator)\(status)", after: "\(id) is \(status)")
        }
    }
}
