import ArgumentParser
import XQueueClient
import XQueueCore

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
        try await server.show(.types, json: json) { try QueueType.table($0.types).print() }
    }
}

extension QueueType {
    /// The types as a table for people.
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

/// The type a command is about, and what it tells of it.
struct TypeOptions: ParsableArguments {
    @Argument(help: "The task type.")
    var type: String

    @Flag(help: "Print what the server answered.")
    var json = false

    @OptionGroup var server: ServerOptions

    /// Calls the API and shows how the type stands then.
    func send(_ request: ClientRequest<QueueType>) async throws {
        try await server.show(request, json: json) { try QueueType.table([$0]).print() }
    }
}

/// `--create`, for steps that a type need not wait for its first task for.
struct CreateOption: ParsableArguments {
    @Flag(help: "Make the type if neither the store nor a live node knows it.")
    var create = false
}

/// `xqueue types delete`
struct TypesDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Forget a type that has no tasks, with its limit and its pause.")

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
        commandName: "pause", abstract: "Hold back the tasks of a type on all nodes; running ones go on.")

    @OptionGroup var options: TypeOptions
    @OptionGroup var creation: CreateOption

    func run() async throws { try await options.send(.pause(options.type, create: creation.create)) }
}

/// `xqueue types resume`
struct TypesResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let the tasks of a paused type go.")

    @OptionGroup var options: TypeOptions

    func run() async throws { try await options.send(.resume(options.type)) }
}

/// `xqueue types limit`
struct TypesLimitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit", abstract: "Set how many tasks of a type run at once, on all nodes together.")

    @OptionGroup var options: TypeOptions
    @OptionGroup var creation: CreateOption

    @Argument(help: "The most at once, from 1; or none.")
    var limit: String

    func validate() throws {
        guard limit == "none" || Int(limit).map({ $0 > 0 }) == true else {
            throw ValidationError("the limit must be a number from 1, or none")
        }
    }

    func run() async throws {
        try await options.send(.limit(options.type, Int(limit), create: creation.create))
    }
}
