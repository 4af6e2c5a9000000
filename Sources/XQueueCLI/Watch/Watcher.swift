import ArgumentParser
import XQueueClient
import XQueueCore

/// Follows the event stream across reconnections until every given task has ended.
struct Watcher {
    /// How long to wait before asking the server again.
    private static let pause = Duration.milliseconds(250)

    private let client: QueueClient
    private let filter: EventFilter
    private let display: WatchDisplay
    /// The tasks that have not ended; empty if all tasks are shown.
    private var open: Set<TaskID>
    /// The newest version shown of each task: a fetched task may be ahead of the stream.
    private var versions: [TaskID: Int]
    private let endsWithTasks: Bool
    private var allSucceeded = true

    /// - Parameters:
    ///   - client: The client of the server.
    ///   - filter: The events to watch; if it names tasks, the watcher stops when they have ended.
    ///   - display: Shows the events.
    init(client: QueueClient, filter: EventFilter, display: WatchDisplay) {
        self.client = client
        self.filter = filter
        self.display = display
        open = Set(filter.ids)
        versions = Dictionary(filter.ids.map { ($0, 0) }, uniquingKeysWith: { first, _ in first })
        endsWithTasks = !filter.ids.isEmpty
    }

    /// Shows events until the named tasks have ended.
    ///
    /// - Returns: Whether all of them succeeded.
    /// - Throws: ``QueueClientError`` if the server is unreachable at the start or rejects the request.
    mutating func run() async throws -> Bool {
        let drawing = Task { [display] in await display.run() }
        defer {
            drawing.cancel()
            display.flush()
        }
        try await watch()
        display.flush()
        try display.check()
        return allSucceeded
    }

    private mutating func watch() async throws {
        let events = client.watch(filter) { [client, display] in
            display.flush()
            StandardError.write(
                "xqueue: lost the connection to \(client.configuration.url); reconnecting\n")
        }
        var hasBegun = false
        for try await event in events {
            switch event.kind {
            case .hello:
                if !hasBegun, try await refresh() { return }
                hasBegun = true
            case .reset:
                StandardError.report(event.message ?? "some events were missed")
                if try await refreshWithRetry() { return }
            default:
                if isNew(event) { display.show(event) }
                try display.check()
                if noteEnd(of: event.taskID, event.status) { return }
            }
        }
    }

    /// Fetches the tasks, since the stream does not have earlier changes.
    ///
    /// - Returns: Whether all tasks have ended.
    private mutating func refresh() async throws -> Bool {
        for id in open {
            let task = try await client.task(id)
            let event = QueueEvent(task)
            // As JSON, only events from the stream are shown.
            if !display.isJSON, isNew(event) { display.show(event) }
            if noteEnd(of: task.id, task.status) { return true }
        }
        return false
    }

    /// Calls ``refresh()`` until the server replies.
    private mutating func refreshWithRetry() async throws -> Bool {
        while true {
            do {
                return try await refresh()
            } catch let error as QueueClientError where error.status == nil {
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    /// Returns whether an event is newer than what has been shown, and marks it as shown.
    private mutating func isNew(_ event: QueueEvent) -> Bool {
        guard let id = event.taskID, let version = event.version, let shown = versions[id] else {
            return true
        }
        guard version > shown else { return false }
        versions[id] = version
        return true
    }

    /// - Returns: Whether the last awaited task has ended.
    private mutating func noteEnd(of id: TaskID?, _ status: TaskStatus?) -> Bool {
        guard let id, let status, status.isFinal, open.remove(id) != nil else { return false }
        if status != .success { allSucceeded = false }
        return endsWithTasks && open.isEmpty
    }
}
