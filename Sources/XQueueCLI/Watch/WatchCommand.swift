import ArgumentParser
import XQueueClient
import XQueueCore

/// `xqueue watch`: shows changes of tasks live.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watch tasks live.",
        discussion: """
            With task IDs, shows these tasks until all have ended, and exits with 0 if all succeeded, else 1. \
            Without, shows all tasks, or those of the given types and statuses, until Ctrl-C. On a terminal, \
            each running task has a progress bar.

            Reconnects after a lost connection, without missing events.

            Examples:
              xqueue watch 01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f
              xqueue watch --type thumbnail
              xqueue watch --status failed --status timeout --json | jq .error
              xqueue watch --url http://queue.internal:8080
            """)

    @Argument(help: "Task IDs to show, or unique prefixes of them; default: all tasks.")
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
        if ids.contains("-") { throw ValidationError("- is not a task ID") }
        let words = TaskStatus.allCases.map(\.rawValue)
        for status in statuses where !words.contains(status) {
            throw ValidationError("--status must be one of \(words.joined(separator: ", "))")
        }
        if !ids.isEmpty, !types.isEmpty || !statuses.isEmpty {
            throw ValidationError("task IDs cannot be combined with --type or --status")
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
                guard try await watcher.run() else { throw CommandExit.rejected.code }
            }
        }
    }
}
