import ArgumentParser
import XQueueClient
import XQueueCore

/// Follows the event stream, over lost connections, until every task it was given has ended.
struct Watcher {
    /// How long to wait before the server is asked again.
    private static let pause = Duration.milliseconds(250)

    private let client: QueueClient
    private let filter: EventFilter
    private let display: WatchDisplay
    /// Those that have not ended; empty from the start if all tasks are shown.
    private var open: Set<TaskID>
    /// The newest step shown of each of them: a task that was asked for may be ahead of the stream.
    private var versions: [TaskID: Int]
    private let endsWithTasks: Bool
    private var allSucceeded = true

    /// - Parameters:
    ///   - client: What the server is asked with.
    ///   - filter: Which events; with tasks in it, their end is the watcher's.
    ///   - display: Where they are shown.
    init(client: QueueClient, filter: EventFilter, display: WatchDisplay) {
        self.client = client
        self.filter = filter
        self.display = display
        open = Set(filter.ids)
        versions = Dictionary(filter.ids.map { ($0, 0) }, uniquingKeysWith: { first, _ in first })
        endsWithTasks = !filter.ids.isEmpty
    }

    /// Shows what happens until the tasks that were named have ended.
    ///
    /// - Returns: Whether all of them succeeded.
    /// - Throws: ``QueueClientError`` if the server cannot be reached at the start, or refuses.
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
                "xqueue: the connection to \(client.configuration.url) was lost; trying again\n")
        }
        var hasBegun = false
        for try await event in events {
            switch event.kind {
            case .hello:
                if !hasBegun, try await look() { return }
                hasBegun = true
            case .reset:
                StandardError.report(event.message ?? "some events were missed")
                if try await lookPatiently() { return }
            default:
                if isNew(event) { display.show(event) }
                try display.check()
                if noteEnd(of: event.taskID, event.status) { return }
            }
        }
    }

    /// Asks how the tasks stand: what happened before the stream began is not in it.
    ///
    /// - Returns: True when there is nothing more to wait for.
    private mutating func look() async throws -> Bool {
        for id in open {
            let task = try await client.task(id)
            let event = QueueEvent(task)
            // As JSON, events are shown as they come from the stream and in no other form.
            if !display.isJSON, isNew(event) { display.show(event) }
            if noteEnd(of: task.id, task.status) { return true }
        }
        return false
    }

    /// The same, until the server answers.
    private mutating func lookPatiently() async throws -> Bool {
        while true {
            do {
                return try await look()
            } catch let error as QueueClientError where error.status == nil {
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    /// Whether an event tells of a step that has not been shown, and is shown now.
    private mutating func isNew(_ event: QueueEvent) -> Bool {
        guard let id = event.taskID, let version = event.version, let shown = versions[id] else {
            return true
        }
        guard version > shown else { return false }
        versions[id] = version
        return true
    }

    /// - Returns: True when the last task that was waited for has ended.
    private mutating func noteEnd(of id: TaskID?, _ status: TaskStatus?) -> Bool {
        guard let id, let status, status.isFinal, open.remove(id) != nil else { return false }
        if status != .success { allSucceeded = false }
        return endsWithTasks && open.isEmpty
    }
}
