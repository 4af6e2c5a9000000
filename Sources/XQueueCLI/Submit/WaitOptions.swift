import ArgumentParser
import XQueueClient
import XQueueCore

/// Whether and how long to wait for a submitted task.
struct WaitOptions: ParsableArguments {
    @Flag(name: .customLong("wait"), help: "Wait for the task to end and exit with its outcome.")
    var waits = false

    @Option(
        name: .customLong("wait-for"),
        help: ArgumentHelp("Maximum time to wait; the task keeps running.", valueName: "duration"),
        transform: DurationArgument.parse)
    var limit: Duration?

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    func check() throws {
        guard waits || limit == nil else { throw ValidationError("--wait-for requires --wait") }
    }

    /// Shows the task's progress on standard error, then its result.
    ///
    /// - Throws: The exit code for the task's outcome.
    func wait(for id: TaskID, json: Bool, _ client: QueueClient) async throws {
        let end = try await Interruption.ended(by: limit) { try await follow(id, client) }
        switch end {
        case .done: break
        case .interrupted:
            StandardError.write("xqueue: \(id) continues; watch it with 'xqueue watch \(id)'\n")
            throw CommandExit.interrupted.code
        case .outOfTime:
            StandardError.write("xqueue: \(id) has not ended; watch it with 'xqueue watch \(id)'\n")
            throw CommandExit.stillRunning.code
        }
        let reply = try await client.reply(to: .task(id))
        try show(reply, id: id, json: json)
    }

    private func follow(_ id: TaskID, _ client: QueueClient) async throws {
        // A task is not found while it is only in the log in front of the store.
        try await Self.waitUntilFound(id, client)
        let display = WatchDisplay(json: false, on: .error, isQuiet: quiet)
        var watcher = Watcher(client: client, filter: EventFilter(ids: [id]), display: display)
        _ = try await watcher.run()
    }

    private static func waitUntilFound(_ id: TaskID, _ client: QueueClient) async throws {
        var pause = Duration.milliseconds(50)
        while true {
            do {
                _ = try await client.task(id)
                return
            } catch let error as QueueClientError where error.status == 404 {
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(2))
            }
        }
    }

    private func show(_ reply: ClientReply<QueueTask>, id: TaskID, json: Bool) throws {
        let task = try reply.decoded()
        if json {
            try Output.line(reply.text, after: "task \(id) was submitted and has ended")
        } else if task.status == .success {
            if let result = task.result {
                try Output.line(result.text, after: "task \(id) has succeeded")
            }
        } else {
            let reason = task.error.map { ": \($0.onOneLine)" } ?? ""
            StandardError.report("\(id) \(task.status.ending)\(reason)")
        }
        guard task.status == .success else { throw CommandExit.rejected.code }
    }
}

extension TaskStatus {
    /// How an unsuccessful task ended, for messages.
    fileprivate var ending: String {
        switch self {
        case .timeout: "timed out"
        case .canceled: "was canceled"
        default: rawValue
        }
    }
}
