#if Kafka

public import Logging
import Synchronization
public import XQueueCore

/// Kafka as the durable log in front of the store.
public final class KafkaIntake: TaskIntake {
    public let name = "kafka"
    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let consumer: KafkaConsumer
    private let topics: KafkaTopics

    /// Connects in the background: a cluster that is out of reach is told by the calls.
    ///
    /// - Throws: ``XQueueCore/IntakeError`` of code `invalid` if a value cannot be used.
    public init(
        configuration: KafkaConfiguration, logger: Logger = Logger(label: "xqueue.kafka")
    ) throws(IntakeError) {
        try configuration.check()
        self.configuration = configuration
        producer = try KafkaProducer(configuration, logger: logger)
        topics = try KafkaTopics(configuration, logger: logger)
        consumer = KafkaConsumer(configuration, logger: logger)
    }

    public func append(_ messages: [IntakeMessage]) async throws(IntakeError) {
        try await producer.send(messages.map(KafkaMessage.init), to: configuration.topic)
    }

    public func open() async throws(IntakeError) {
        try await topics.prepare()
        try await consumer.open()
    }

    public func receive(limit: Int, waiting: Duration) async throws(IntakeError) -> [IntakeRecord] {
        try await consumer.receive(limit: limit, waiting: waiting)
    }

    public func hold() async throws(IntakeError) {
        try await consumer.hold()
    }

    public func reject(_ records: [RejectedRecord]) async throws(IntakeError) {
        try await producer.send(records.map(KafkaMessage.init), to: configuration.deadTopic)
    }

    public func commit(_ records: [IntakeRecord]) async throws(IntakeError) {
        await consumer.commit(records)
    }

    public func leave() async {
        await consumer.leave()
    }

    public func status() async -> IntakeStatus {
        await topics.status(assigned: consumer.events.share.withLock { $0.assigned })
    }

    public func close() async {
        await consumer.leave()
        await producer.close()
    }
}

#endif
