import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue types`: lists and controls task types.
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

    @Flag(help: "Print the server's JSON response.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show(.types, json: json) { try QueueType.table($0.types).print() }
    }
}

extension QueueType {
    /// Returns the types as a table.
    static func table(_ types: [QueueType]) -> TextTable {
        var table = TextTable([
            .init(head: "TYPE", least: 10, isName: true), .init(head: "SERVED"), .init(head: "STATE"),
            .init(head: "LIMIT", isOnRight: true, leaves: 1), .init(head: "PENDING", isOnRight: true),
            .init(head: "RUNNING", isOnRight: true), .init(head: "SUCCESS", isOnRight: true),
            .init(head: "FAILED", isOnRight: true), .init(head: "CANCELED", isOnRight: true, leaves: 2),
            .init(head: "TIMEOUT", isOnRight: true, leaves: 3),
        ])
        table.rows = types.map { type in
            [
                type.type, type.hasHandler ? "yes" : "no", type.isPaused ? "paused" : "open",
                type.maxConcurrency.map(String.init) ?? "-",
            ]
                + TaskStatus.allCases.map { String(type.counts[$0] ?? 0) }
        }
        return table
    }
}

/// The type a command acts on, and how the result is printed.
struct TypeOptions: ParsableArguments {
    @Argument(help: "Task type.")
    var type: String

    @Flag(help: "Print the server's JSON response.")
    var json = false

    @OptionGroup var server: ServerOptions

    /// Calls the API and shows the type's new state.
    func send(_ request: ClientRequest<QueueType>) async throws {
        try await server.show(request, json: json) { try QueueType.table([$0]).print() }
    }
}

/// `--create`, for operations on a type that has no tasks yet.
struct CreateOption: ParsableArguments {
    @Flag(help: "Create the type if neither the store nor a live node knows it.")
    var create = false
}

/// `xqueue types delete`
struct TypesDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a type without tasks, with its limit and pause.")

    @OptionGroup var options: TypeOptions

    func run() async throws {
        try await CommandRun.reporting {
            try await options.server.withClient { client in
                let reply = try await client.reply(to: .deleteType(options.type))
                try Output.line(options.json ? reply.text : "deleted \(options.type)")
            }
        }
    }
}

/// `xqueue types pause`
struct TypesPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Pause a type on all nodes; running tasks continue.")

    @OptionGroup var options: TypeOptions
    @OptionGroup var creation: CreateOption

    func run() async throws { try await options.send(.pause(options.type, create: creation.create)) }
}

/// `xqueue types resume`
struct TypesResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Resume a paused type.")

    @OptionGroup var options: TypeOptions

    func run() async throws { try await options.send(.resume(options.type)) }
}

/// `xqueue types limit`
struct TypesLimitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit", abstract: "Limit how many tasks of a type run simultaneously on all nodes.")

    @OptionGroup var options: TypeOptions
    @OptionGroup var creation: CreateOption

    @Argument(help: "Maximum number of running tasks, from 1, or none.")
    var limit: String

    func validate() throws {
        guard limit == "none" || Int(limit).map({ $0 > 0 }) == true else {
            throw ValidationError("the limit must be a positive number or none")
        }
    }

    func run() async throws {
        try await options.send(.limit(options.type, Int(limit), create: creation.create))
    }
}
