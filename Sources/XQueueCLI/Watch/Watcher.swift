import ArgumentParser
import Foundation
import XQueueCore

/// Follows the event stream, over lost connections, until every task it was given has ended.
struct Watcher {
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(5)

    private let client: APIClient
    private let filters: [(name: String, value: String)]
    private let display: WatchDisplay
    /// Those that have not ended, by their written form; empty from the start if all tasks are shown.
    private var open: [String: TaskID]
    /// The newest step shown of each of them: a task that was asked for may be ahead of the stream.
    private var versions: [String: Int]
    private let endsWithTasks: Bool
    private var allSucceeded = true
    private var cursor: String?
    private var hasBegun = false

    init(
        client: APIClient, ids: [TaskID], filters: [(name: String, value: String)], display: WatchDisplay
    ) {
        self.client = client
        self.filters = filters
        self.display = display
        open = Dictionary(ids.map { ($0.description, $0) }, uniquingKeysWith: { first, _ in first })
        versions = open.mapValues { _ in 0 }
        endsWithTasks = !ids.isEmpty
    }

    /// Shows what happens until the tasks that were named have ended.
    ///
    /// - Returns: Whether all of them succeeded.
    /// - Throws: ``ClientError`` if the server cannot be reached at the start, or refuses.
    mutating func run() async throws -> Bool {
        let drawing = Task { [display] in await display.run() }
        defer {
            drawing.cancel()
            display.flush()
        }
        let hasSucceeded = try await watch()
        display.flush()
        try display.check()
        return hasSucceeded
    }

    private mutating func watch() async throws -> Bool {
        var pause = Self.firstPause
        while true {
            do {
                let before = cursor
                if try await follow() { return allSucceeded }
                if cursor != before { pause = Self.firstPause }
            } catch let error as ClientError where error.status != nil || !hasBegun {
                throw error
            } catch is CancellationError {
                throw CancellationError()
            } catch let error where error is CommandError || error is ExitCode {
                throw error
            } catch {
                // The connection was lost: what is missed meanwhile comes after the cursor.
            }
            display.flush()
            StandardError.write("xqueue: the connection to \(client.address) was lost; trying again\n")
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// - Returns: True when there is nothing more to wait for.
    private mutating func follow() async throws -> Bool {
        for try await message in try await client.events(filters, after: cursor) {
            cursor = message.id ?? cursor
            let data = Data(message.data.utf8)
            guard let event = try? JSONDecoder().decode(WatchedEvent.self, from: data) else { continue }
            switch event.event {
            case "hello":
                if !hasBegun, try await look() { return true }
                hasBegun = true
            case "reset":
                StandardError.report(event.message ?? "some events were missed")
                if try await look() { return true }
            case "close": return false
            default:
                if isNew(event) { display.show(event, json: message.data) }
                try display.check()
                if noteEnd(of: event.taskID, event.status) { return true }
            }
        }
        return false
    }

    /// Asks how the tasks stand: what happened before the stream began is not in it.
    private mutating func look() async throws -> Bool {
        for id in open.values {
            let task = try await client.task(id)
            let event = WatchedEvent(task)
            // As JSON, events are shown as they come from the stream and in no other form.
            if !display.isJSON, isNew(event) { display.show(event) }
            if noteEnd(of: task.id, task.status) { return true }
        }
        return false
    }

    /// Whether an event tells of a step that has not been shown, and is shown now.
    private mutating func isNew(_ event: WatchedEvent) -> Bool {
        guard let id = event.taskID, let version = event.version, let shown = versions[id] else {
            return true
        }
        guard version > shown else { return false }
        versions[id] = version
        return true
    }

    /// - Returns: True when the last task that was waited for has ended.
    private mutating func noteEnd(of id: String?, _ status: TaskStatus?) -> Bool {
        guard let id, let status, status.isFinal, open.removeValue(forKey: id) != nil else { return false }
        if status != .success { allSucceeded = false }
        return endsWithTasks && open.isEmpty
    }
}
