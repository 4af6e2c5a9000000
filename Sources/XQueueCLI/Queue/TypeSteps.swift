import ArgumentParser
import Foundation
import NIOHTTP1

/// The type a command is about, and what it tells of it.
struct TypeOptions: ParsableArguments {
    @Argument(help: "The task type.")
    var type: String

    @Flag(help: "Print what the server answered.")
    var json = false

    @OptionGroup var server: ServerOptions

    /// Calls the API and shows how the type stands then. Each of these steps may be repeated.
    ///
    /// - Parameter create: Whether a type that nobody knows is made.
    func send(
        _ method: HTTPMethod, _ verb: String, create: Bool = false, body: String? = nil
    ) async throws {
        try await CommandRun.reporting {
            try await server.withClient { client in
                let reply = try await client.call(
                    method, "\(path)/\(verb)", create ? [("create", "true")] : [], body: body,
                    isRepeatable: true)
                if json { return try Output.line(reply.text) }
                try ListedType.table([try reply.decoded()]).print()
            }
        }
    }

    /// The type's place behind `/api/v1`.
    var path: String {
        "/types/\(type.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? type)"
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
                let reply = try await client.delete(options.path)
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

    func run() async throws { try await options.send(.POST, "pause", create: creation.create) }
}

/// `xqueue types resume`
struct TypesResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let the tasks of a paused type go.")

    @OptionGroup var options: TypeOptions

    func run() async throws { try await options.send(.POST, "resume") }
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
        let number = limit == "none" ? "null" : limit
        try await options.send(
            .PUT, "limit", create: creation.create, body: #"{"max_concurrency":\#(number)}"#)
    }
}
