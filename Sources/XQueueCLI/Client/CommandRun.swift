import ArgumentParser
import UnixSignals
import XQueueClient

/// Error reporting common to all commands.
enum CommandRun {
    /// Runs `body`; reports an error in one line and throws its exit code.
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
    /// Sends a request and prints the reply.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - json: Whether to print the server's response unchanged.
    ///   - print: Prints the decoded reply otherwise.
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

/// A failure of a command that the server did not cause.
struct CommandError: Error, CustomStringConvertible {
    let exit: CommandExit
    let description: String

    init(_ exit: CommandExit, _ description: String) {
        self.exit = exit
        self.description = description
    }
}

/// Work that Ctrl-C or a time limit may interrupt.
enum Interruption {
    enum End: Sendable {
        case done, interrupted, outOfTime
    }

    /// Runs `body` until it is done, the program is asked to stop, or `limit` elapses. Then cancels `body` and waits for it.
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
