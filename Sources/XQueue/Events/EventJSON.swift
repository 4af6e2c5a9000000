package import XQueueCore

extension JSONWriter {
    /// Writes an event: all its fields, always, in the same order.
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
            }
            writer.member("worker_id", event.workerID)
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
