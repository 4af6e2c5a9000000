#if Kafka

public import Logging
public import XQueueCore

/// Writes ended tasks to a compacted topic, so that a replay does not run them again.
///
/// The key is the task's identifier. The value is `{"task_id","type","status","timestamp"}`, plus `metadata` if
/// the task has it; a task that becomes pending again gets a tombstone.
public final class KafkaStatusSink: EventSink {
    public let name = "kafka-status"
    private let topic: String
    private let producer: KafkaProducer
    private let topics: KafkaTopics

    /// - Throws: ``XQueueCore/IntakeError`` with code `invalid`, also if the configuration has no status topic.
    public init(
        configuration: KafkaConfiguration, logger: Logger = Logger(label: "xqueue.kafka")
    ) throws(IntakeError) {
        try configuration.check()
        guard let topic = configuration.statusTopic else {
            throw IntakeError(.invalid, "no status topic is configured")
        }
        self.topic = topic
        producer = try KafkaProducer(configuration, logger: logger)
        topics = try KafkaTopics(configuration, logger: logger)
    }

    public func open() async throws {
        try await topics.prepareStatusTopic(topic)
    }

    public func deliver(_ events: [TaskEvent]) async throws {
        let messages = events.compactMap(Self.message)
        if !messages.isEmpty { try await producer.send(messages, to: topic) }
    }

    /// Keeps the producer: everything it sent was acknowledged before ``deliver(_:)`` returned.
    public func close() async {}

    private static func message(_ event: TaskEvent) -> KafkaMessage? {
        guard case .status(let change) = event.change else { return nil }
        let key = Array(event.taskID.description.utf8)
        guard change.status.isFinal else {
            return change.previous?.isFinal == true ? KafkaMessage(key: key, value: nil) : nil
        }
        var writer = JSONWriter(capacity: 192)
        writer.object { writer in
            writer.member("task_id", event.taskID.description)
            writer.member("type", event.type)
            writer.member("status", change.status.rawValue)
            writer.member("timestamp", event.timestamp)
            if let metadata = event.metadata { writer.member("metadata", metadata) }
        }
        return KafkaMessage(key: key, value: writer.bytes)
    }
}

#endif
