#if MQTT

import XQueueCore

/// The messages of several events, ready to be passed to the client's thread as one piece.
struct MessageBatch: Sendable {
    /// A message's location in ``bytes``.
    struct Message: Sendable {
        /// Offset of the topic, which ends with a zero byte.
        let topic: Int
        let topicCount: Int
        let payload: Int
        let payloadCount: Int

        /// Size of topic and payload, in bytes.
        var count: Int { topicCount + payloadCount }
    }

    private(set) var bytes: [UInt8] = []
    private(set) var messages: [Message] = []

    /// Each event makes a message for its task and, if it is a status change, one for the status, in this order
    /// and with the same payload.
    init(_ events: [TaskEvent], _ topics: MQTTTopics) {
        bytes.reserveCapacity(events.count * 384)
        messages.reserveCapacity(events.count * 2)
        for event in events {
            let id = event.taskID.description
            switch event.change {
            case .status(let change):
                let payload = append(payload: Self.status(event, id, change))
                add(topic: topics.task, id, payload)
                add(topic: topics.status(change.status), "", payload)
            case .progress(let progress):
                add(topic: topics.progress, id, append(payload: Self.progress(event, id, progress)))
            case .schedule(let change):
                add(
                    topic: topics.schedule, change.schedule, append(payload: Self.schedule(event, id, change))
                )
            }
        }
    }

    /// A message's topic, for people.
    func topic(of index: Int) -> String {
        let message = messages[index]
        return String(decoding: bytes[message.topic..<message.topic + message.topicCount], as: UTF8.self)
    }

    private mutating func append(payload: [UInt8]) -> (start: Int, count: Int) {
        defer { bytes += payload }
        return (bytes.count, payload.count)
    }

    private mutating func add(topic: String, _ id: String, _ payload: (start: Int, count: Int)) {
        messages.append(
            Message(
                topic: bytes.count, topicCount: topic.utf8.count + id.utf8.count, payload: payload.start,
                payloadCount: payload.count))
        bytes.append(contentsOf: topic.utf8)
        bytes.append(contentsOf: id.utf8)
        bytes.append(0)
    }

    private static func status(_ event: TaskEvent, _ id: String, _ change: TaskEvent.StatusChange) -> [UInt8]
    {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.member("task_id", id)
            writer.member("type", event.type)
            writer.member("status", change.status.rawValue)
            writer.member("error", change.error)
            writer.member("retry_count", change.retryCount)
            writer.member("timestamp", event.timestamp)
            writer.member("version", change.version)
            if let metadata = event.metadata { writer.member("metadata", metadata) }
        }
        return writer.bytes
    }

    private static func schedule(_ event: TaskEvent, _ id: String, _ change: ScheduleChange) -> [UInt8] {
        var writer = JSONWriter(capacity: 192)
        writer.object { writer in
            writer.members(of: change)
            writer.member("task_id", id)
            writer.member("type", event.type)
            writer.member("timestamp", event.timestamp)
        }
        return writer.bytes
    }

    private static func progress(_ event: TaskEvent, _ id: String, _ progress: TaskProgress) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.member("task_id", id)
            writer.member("progress", progress.percent)
            writer.member("message", progress.message)
            writer.member("timestamp", event.timestamp)
            if let metadata = event.metadata { writer.member("metadata", metadata) }
        }
        return writer.bytes
    }
}

#endif
