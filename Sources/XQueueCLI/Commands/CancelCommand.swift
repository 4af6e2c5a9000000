import ArgumentParser
import XQueueClient

/// `xqueue cancel`: cancels tasks.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel tasks.",
        discussion: """
            A pending task is canceled immediately; a running one is asked to stop. Prints one line per task. If one \
            task cannot be canceled, the rest are still canceled, and the exit code is 1, or 2 if there is no such \
            task.

            Examples:
              xqueue cancel 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f
              xqueue list --type mail --status pending --all --ids | xqueue cancel -
            """)

    @OptionGroup var tasks: TaskOptions

    @Flag(help: "Print each response as a line of JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await tasks.each(server) { client, id, _ in
            let reply = try await client.reply(to: .cancel(id))
            if json {
                return try Output.line(reply.text, after: "\(id) was canceled, or asked to stop")
            }
            let message = try reply.decoded().message
            try Output.line("\(id)\(Output.separator)\(message)", after: "\(id): \(message)")
        }
    }
}
