import ArgumentParser
import XQueue

@main
struct XQueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xqueue",
        abstract: "A task queue: submit tasks, run them on any number of machines, and see them run.",
        discussion: """
            Start a server with 'xqueue serve'. The other commands talk to one, at --url, or XQUEUE_URL, or \
            \(ServerOptions.defaultURL). A server that wants a token gets it from --token or XQUEUE_TOKEN.

            On a terminal, tables fit its width. Elsewhere they have no heads, nothing is cut, and a tab stands \
            between two values; with --json, what the server answered is printed as it is.

            Examples:
              xqueue serve
              xqueue submit example '{"duration_ms":5000,"steps":10}' --wait
              xqueue list --status failed --all --ids | xqueue retry -
              xqueue help submit

            Exit codes:
            \(CommandExit.table)
            """,
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Server",
                subcommands: [
                    ServeCommand.self, TokenCommand.self, ReplayCommand.self, MigrateCommand.self,
                ]),
            CommandGroup(
                name: "Tasks",
                subcommands: [
                    SubmitCommand.self, GetCommand.self, ListCommand.self, CancelCommand.self,
                    RetryCommand.self,
                    WatchCommand.self,
                ]),
            CommandGroup(
                name: "Queue",
                subcommands: [StatsCommand.self, TypesCommand.self, WorkersCommand.self]),
        ])

    static func main() async {
        StandardStreams.occupyClosed()
        // Whoever asks a server to stop may do so before it has read its command line.
        if CommandLine.arguments.dropFirst().first == ServeCommand.configuration.commandName {
            StopSignals.catchEarly()
        }
        if let place = ArgumentText.firstUnreadable {
            StandardError.report("argument \(place) is not UTF-8")
            exit(withError: CommandExit.usage.code)
        }
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Ends the program with what `error` says: a mistake, or text that was asked for, such as help.
    private static func end(with error: any Error) -> Never {
        do {
            if let error = error as? CommandError { throw error }
            if exitCode(for: error).isSuccess {
                let text = fullMessage(for: error)
                if !text.isEmpty { try Output.writeAsItIs(text + "\n") }
                exit()
            }
            exit(withError: error)
        } catch let error as CommandError {
            StandardError.report(error.description)
            exit(withError: error.exit.code)
        } catch {
            exit(withError: error)
        }
    }
}

/// The command line as it was given: Swift repairs what is not UTF-8, and would pass on another text.
enum ArgumentText {
    /// The number of the first argument that is not UTF-8, 1 for the first; nil if all are.
    static var firstUnreadable: Int? {
        (1..<max(Int(CommandLine.argc), 1)).first { number in
            CommandLine.unsafeArgv[number].map { String(validatingCString: $0) == nil } ?? false
        }
    }
}
