import ArgumentParser
import XQueueClient
import XQueueCore

/// Whether and how long to wait for a task that was submitted.
struct WaitOptions: ParsableArguments {
    @Flag(name: .customLong("wait"), help: "Wait for the task's end and exit with its fate.")
    var waits = false

    @Option(
        name: .customLong("wait-for"),
        help: ArgumentHelp("The longest to wait; the task goes on after it.", valueName: "duration"),
        transform: DurationArgument.parse)
    var limit: Duration?

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    func check() throws {
        guard waits || limit == nil else { throw ValidationError("--wait-for needs --wait") }
    }

    /// Shows how the task gets on, on standard error, and then its result.
    ///
    /// - Throws: The exit code that goes with the task's fate.
    func wait(for id: TaskID, json: Bool, _ client: QueueClient) async throws {
        let end = try await Interruption.ended(by: limit) { try await follow(id, client) }
        switch end {
        case .done: break
        case .interrupted:
            StandardError.write("xqueue: \(id) goes on; see it with 'xqueue watch \(id)'\n")
            throw CommandExit.interrupted.code
        case .outOfTime:
            StandardError.write("xqueue: \(id) has not ended; see it with 'xqueue watch \(id)'\n")
            throw CommandExit.stillRunning.code
        }
        let reply = try await client.reply(to: .task(id))
        try tell(reply, id: id, json: json)
    }

    private func follow(_ id: TaskID, _ client: QueueClient) async throws {
        // A task that is in the log in front of the store only is not found yet.
        try await Self.found(id, client)
        let display = WatchDisplay(json: false, on: .error, isQuiet: quiet)
        var watcher = Watcher(client: client, filter: EventFilter(ids: [id]), display: display)
        _ = try await watcher.run()
    }

    private static func found(_ id: TaskID, _ client: QueueClient) async throws {
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

    private func tell(_ reply: ClientReply<QueueTask>, id: TaskID, json: Bool) throws {
        let task = try reply.decoded()
        if json {
            try Output.line(reply.text, after: "the task \(id) was submitted and has ended")
        } else if task.status == .success {
            if let result = task.result {
                try Output.line(result.text, after: "the task \(id) has succeeded")
            }
        } else {
            let reason = task.error.map { ": \($0.onOneLine)" } ?? ""
            StandardError.report("\(id) \(task.status.ending)\(reason)")
        }
        guard task.status == .success else { throw CommandExit.refused.code }
    }
}

extension TaskStatus {
    /// How a task that has not succeeded has ended, in words.
    fileprivate var ending: String {
        switch self {
        case .timeout: "timed out"
        case .canceled: "was canceled"
        default: rawValue
        }
    }
}
