import ArgumentParser
import XQueueClient

/// `xqueue cancel`: cancels tasks.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel tasks.",
        discussion: """
            A pending task is canceled at once; a running one is asked to stop. Each task is told on a line of \
            its own. If one cannot be canceled the others are all the same, and the exit code is 1, or 2 if \
            there is no such task.

            Examples:
              xqueue cancel 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f
              xqueue list --type mail --status pending --all --ids | xqueue cancel -
            """)

    @OptionGroup var tasks: TaskOptions

    @Flag(help: "Print each answer as a line of JSON.")
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
