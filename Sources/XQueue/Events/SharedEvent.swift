import Synchronization
package import XQueueCore

/// An event shared by many subscribers. Its JSON is encoded once, on first use.
package final class SharedEvent: Sendable {
    package let event: TaskEvent
    private let text = Mutex<[UInt8]?>(nil)

    package init(_ event: TaskEvent) {
        self.event = event
    }

    package var json: [UInt8] {
        text.withLock { text in
            if let text { return text }
            var writer = JSONWriter(capacity: cost)
            writer.event(event)
            text = writer.bytes
            return writer.bytes
        }
    }

    /// Approximate size in bytes while queued.
    package var cost: Int {
        let words =
            switch event.change {
            case .status(let change): change.error?.utf8.count ?? 0
            case .progress(let progress): progress.message?.utf8.count ?? 0
            case .schedule(let change): change.schedule.utf8.count
            }
        return 380 + event.type.utf8.count + (event.metadata?.text.utf8.count ?? 0) + words
    }
}

extension Collection<SharedEvent> {
    /// The longest prefix that fits in `bytes`, but at least one event.
    package func prefix(bytes: Int) -> SubSequence {
        var left = bytes
        var end = startIndex
        while end != endIndex, left > 0 || end == startIndex {
            left -= self[end].cost
            if left < 0, end != startIndex { break }
            formIndex(after: &end)
        }
        return self[..<end]
    }
}

extension JSONWriter {
    /// Writes an event: always all of its fields, in the same order.
    package mutating func event(_ event: TaskEvent) {
        object { writer in
            switch event.change {
            case .status(let change):
                writer.head(of: event, word: "status")
                writer.member("status", change.status.rawValue)
                writer.member("previous_status", change.previous?.rawValue)
                writer.member("version", change.version)
                writer.member("retry_count", change.retryCount)
                writer.member("error", change.error)
            case .progress(let progress):
                writer.head(of: event, word: "progress")
                writer.member("progress", progress.percent)
                writer.member("progress_message", progress.message)
            case .schedule(let change):
                writer.head(of: event, word: "schedule")
                writer.members(of: change)
                writer.member("timestamp", event.timestamp)
                return
            }
            writer.member("worker_id", event.workerID)
            writer.member("metadata", event.metadata)
            writer.member("timestamp", event.timestamp)
        }
    }

    private mutating func head(of event: TaskEvent, word: String) {
        member("event", word)
        member("cursor", event.cursor.description)
        member("task_id", event.taskID.description)
        member("type", event.type)
    }
}
