import ArgumentParser
import UnixSignals
import XQueueClient

/// The frame in which a command does its work.
enum CommandRun {
    /// Runs `body`, and tells what went wrong in one line and an exit code.
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as QueueClientError {
            StandardError.report(error.advice)
            throw error.exit.code
        } catch let error as CommandError {
            StandardError.report(error.description)
            throw error.exit.code
        }
    }
}

extension ServerOptions {
    /// Asks one thing, and prints the answer.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - json: Whether to print what the server answered, as it is.
    ///   - print: Prints it for people otherwise.
    func show<Answer>(
        _ request: ClientRequest<Answer>, json: Bool, _ print: (Answer) throws -> Void
    ) async throws {
        try await CommandRun.reporting {
            try await withClient { client in
                let reply = try await client.reply(to: request)
                if json { return try Output.line(reply.text) }
                try print(try reply.decoded())
            }
        }
    }
}

/// Why a command cannot do what it was asked, if it is not the server's doing.
struct CommandError: Error, CustomStringConvertible {
    let exit: CommandExit
    let description: String

    init(_ exit: CommandExit, _ description: String) {
        self.exit = exit
        self.description = description
    }
}

/// Work that Ctrl-C, or time, may end before it is done.
enum Interruption {
    enum End: Sendable {
        case done, interrupted, outOfTime
    }

    /// Runs `body` until it is done, the program is asked to stop, or `limit` has passed; then `body` is
    /// canceled, and its end is waited for.
    static func ended(
        by limit: Duration? = nil, _ body: @Sendable @escaping () async throws -> Void
    ) async throws -> End {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                try await body()
                return .done
            }
            group.addTask {
                for await _ in signals { return .interrupted }
                throw CancellationError()
            }
            if let limit {
                group.addTask {
                    try await Task.sleep(for: limit)
                    return .outOfTime
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .done
        }
    }
}
