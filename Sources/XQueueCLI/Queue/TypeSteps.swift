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
    func send(_ method: HTTPMethod, _ verb: String, body: String? = nil) async throws {
        let name = type.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? type
        try await CommandRun.reporting {
            try await server.withClient { client in
                let reply = try await client.call(
                    method, "/types/\(name)/\(verb)", body: body, isRepeatable: true)
                if json { return try Output.line(reply.text) }
                try ListedType.table([try reply.decoded()]).print()
            }
        }
    }
}

/// `xqueue types pause`
struct TypesPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold back the tasks of a type on all nodes; running ones go on.")

    @OptionGroup var options: TypeOptions

    func run() async throws { try await options.send(.POST, "pause") }
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

    @Argument(help: "The most at once, from 1; or none.")
    var limit: String

    func validate() throws {
        guard limit == "none" || Int(limit).map({ $0 > 0 }) == true else {
            throw ValidationError("the limit must be a number from 1, or none")
        }
    }

    func run() async throws {
        let number = limit == "none" ? "null" : limit
        try await options.send(.PUT, "limit", body: #"{"max_concurrency":\#(number)}"#)
    }
}
