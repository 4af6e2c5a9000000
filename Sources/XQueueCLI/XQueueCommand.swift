import ArgumentParser
import XQueue

@main
struct XQueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xqueue",
        abstract: "A task queue: submit tasks, run them on any number of machines, and watch them run.",
        discussion: """
            Start a server with 'xqueue serve'. The other commands talk to the server at --url, else XQUEUE_URL, \
            else \(ServerOptions.defaultURL). If it requires a token, pass it with XQUEUE_TOKEN or --token.

            On a terminal, tables fit its width. Elsewhere they have no header, nothing is truncated, and tabs \
            separate the values. --json prints the server's response unchanged.

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
                    SubmitCommand.self, GetCommand.self, ListCommand.self, EditCommand.self,
                    CancelCommand.self, RetryCommand.self, WatchCommand.self,
                ]),
            CommandGroup(
                name: "Queue",
                subcommands: [
                    StatsCommand.self, TypesCommand.self, SchedulesCommand.self, WorkersCommand.self,
                ]),
        ])

    static func main() async {
        StandardStreams.occupyClosed()
        // A stop signal may arrive before the command line is parsed.
        if CommandLine.arguments.dropFirst().first == ServeCommand.configuration.commandName {
            StopSignals.catchEarly()
        }
        if let position = ArgumentText.firstInvalid {
            StandardError.report("argument \(position) is not UTF-8")
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
            terminate(with: error)
        }
    }

    /// Exits with the message and code of `error`: a mistake, or requested text such as help.
    private static func terminate(with error: any Error) -> Never {
        do {
            if let error = error as? CommandError { throw error }
            if exitCode(for: error).isSuccess {
                let text = fullMessage(for: error)
                if !text.isEmpty { try Output.writeRaw(text + "\n") }
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

/// The raw command line. Swift repairs invalid UTF-8, which would silently change an argument.
enum ArgumentText {
    /// Position of the first argument that is not UTF-8, from 1; nil if all are.
    static var firstInvalid: Int? {
        (1..<max(Int(CommandLine.argc), 1)).first { number in
            CommandLine.unsafeArgv[number].map { String(validatingCString: $0) == nil } ?? false
        }
    }
}
