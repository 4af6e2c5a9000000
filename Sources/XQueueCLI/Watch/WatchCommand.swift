import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue watch`: shows what happens to tasks as it happens.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show what happens to tasks, as it happens.",
        discussion: """
            With identifiers, shows those tasks and ends with them: the exit code is 0 if all succeeded, 1 if \
            one did not. Without, shows all tasks, or those of the given types \
            and statuses, until Ctrl-C. On a terminal, each running task has a progress bar.

            A lost connection is tried again, and nothing that happened meanwhile is left out.

            Examples:
              xqueue watch 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f
              xqueue watch --type thumbnail
              xqueue watch --status failed --status timeout --json | jq .error
              xqueue watch --url http://queue.internal:8080
            """)

    @Argument(help: "The tasks to show, or what their identifiers begin with; all if none is named.")
    var ids: [String] = []

    @Option(name: .customLong("type"), help: "Only tasks of this type; may be repeated.")
    var types: [String] = []

    @Option(
        name: .customLong("status"),
        help: "Only changes to this status; may be repeated. Progress counts as processing.")
    var statuses: [String] = []

    @Flag(help: "Print each event as a line of JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        try TaskIDArgument.check(ids)
        if ids.contains("-") { throw ValidationError("- is not a task's identifier") }
        let words = TaskStatus.allCases.map(\.rawValue)
        for status in statuses where !words.contains(status) {
            throw ValidationError("--status must be one of \(words.joined(separator: ", "))")
        }
        if !ids.isEmpty, !types.isEmpty || !statuses.isEmpty {
            throw ValidationError("give identifiers, or --type and --status")
        }
    }

    func run() async throws {
        let display = WatchDisplay(json: json)
        try await CommandRun.reporting {
            try await server.withClient { client in
                let ids = try await TaskIDArgument.read(ids, client)
                let filter = EventFilter(
                    ids: ids, types: types, statuses: statuses.compactMap { TaskStatus(rawValue: $0) })
                var watcher = Watcher(client: client, filter: filter, display: display)
                guard try await watcher.run() else { throw CommandExit.refused.code }
            }
        }
    }
}
