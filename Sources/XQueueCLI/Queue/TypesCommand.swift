import ArgumentParser

/// `xqueue types`: the task types, and what holds them.
struct TypesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "types",
        abstract: "List the task types; pause, resume, limit or delete one.",
        discussion: """
            Examples:
              xqueue types
              xqueue types pause mail
              xqueue types resume mail
              xqueue types limit thumbnail 4
              xqueue types limit thumbnail none
              xqueue types delete tpyo
            """,
        subcommands: [
            TypesListCommand.self, TypesPauseCommand.self, TypesResumeCommand.self, TypesLimitCommand.self,
            TypesDeleteCommand.self,
        ],
        defaultSubcommand: TypesListCommand.self)
}

/// `xqueue types list`, and `xqueue types` alone.
struct TypesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the task types.")

    @Flag(help: "Print what the server answered.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        struct Types: Decodable { let types: [ListedType] }
        try await CommandRun.reporting {
            try await server.withClient { client in
                let reply = try await client.get("/types")
                if json { return try Output.line(reply.text) }
                try ListedType.table(try reply.decoded(Types.self).types).print()
            }
        }
    }
}
