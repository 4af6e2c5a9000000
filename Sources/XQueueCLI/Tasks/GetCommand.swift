import ArgumentParser
import XQueueCore

/// `xqueue get`: everything about some tasks.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show everything about a task.",
        discussion: """
            Examples:
              xqueue get 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f
              xqueue get 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f --json | jq .result
              xqueue list --type mail --ids | xqueue get - --json
            """)

    @Argument(help: "The tasks, or what their identifiers begin with; - reads them from standard input.")
    var ids: [String]

    @Flag(help: "Print each task as a line of JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws { try TaskIDArgument.check(ids) }

    func run() async throws {
        try await CommandRun.reporting {
            try await server.withClient { client in
                try await ManyTasks.each(try await TaskIDArgument.read(ids, client)) { id, index in
                    let reply = try await client.get("/tasks/\(id)")
                    if json { return try Output.line(reply.text) }
                    if index > 0 { try Output.line("") }
                    try Output.write(try TaskSheet.text(reply.text, isTerminal: Terminal.output.isTerminal))
                }
            }
        }
    }
}
