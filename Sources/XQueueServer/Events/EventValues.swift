import XQueue
import XQueueCore

/// Reads the values of filters, wherever they stand.
enum EventValues {
    static func taskIDs(_ texts: [String]) throws(QueueError) -> Set<TaskID> {
        try values(texts, "task_id", "must be a task's id") { TaskID($0) }
    }

    static func types(_ texts: [String]) throws(QueueError) -> Set<String> {
        try values(texts, "type", "must be the name of a type") {
            1...ModelLimits.typeLength ~= $0.utf8.count ? $0 : nil
        }
    }

    static func statuses(_ texts: [String]) throws(QueueError) -> Set<TaskStatus> {
        let words = TaskStatus.allCases.map(\.rawValue).joined(separator: ", ")
        return try values(texts, "status", "must be one of \(words)") { TaskStatus(rawValue: $0) }
    }

    static func cursor(_ text: String, _ name: String) throws(QueueError) -> EventCursor {
        guard let cursor = EventCursor(text) else {
            throw .invalid(name, "must be a cursor from this server, or a time in milliseconds since 1970")
        }
        return cursor
    }

    private static func values<Value: Hashable>(
        _ texts: [String], _ name: String, _ rule: String, _ read: (String) -> Value?
    ) throws(QueueError) -> Set<Value> {
        guard texts.count <= EventRequest.maxValues else {
            throw .invalid(name, "must have at most \(EventRequest.maxValues) values")
        }
        var values: Set<Value> = []
        for text in texts {
            guard let value = read(text) else { throw .invalid(name, rule) }
            values.insert(value)
        }
        return values
    }
}
