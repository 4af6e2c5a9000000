#if Kafka

public import Logging
import Synchronization
public import XQueueCore

/// Kafka as the durable log in front of the store.
public final class KafkaIntake: TaskIntake {
    public let name = "kafka"
    /// Minimum interval between checks, by a reader that gets nothing, that the topic exists.
    private static let topicInterval = Duration.seconds(5)
    private let configuration: KafkaConfiguration
    private let producer: KafkaProducer
    private let consumer: KafkaConsumer
    private let topics: KafkaTopics
    /// When the topic was last known to exist.
    private let preparedAt = Mutex(ContinuousClock.now)

    /// Connects in the background; an unreachable cluster shows up as errors of the calls.
    ///
    /// - Throws: ``XQueueCore/IntakeError`` with code `invalid` if a value is invalid.
    public init(
        configuration: KafkaConfiguration, logger: Logger = Logger(label: "xqueue.kafka")
    ) throws(IntakeError) {
        try configuration.check()
        self.configuration = configuration
        producer = try KafkaProducer(configuration, logger: logger)
        topics = try KafkaTopics(configuration, logger: logger)
        consumer = KafkaConsumer(configuration, logger: logger)
    }

    @discardableResult
    public func append(_ messages: [IntakeMessage]) async throws(IntakeError) -> [IntakeOrigin] {
        try await producer.send(messages.map(KafkaMessage.init), to: configuration.topic)
    }

    public func stored(_ origins: [IntakeOrigin]) {
        consumer.events.share.withLock { share in
            for origin in origins { share.markStored(origin.part, origin.position) }
        }
    }

    public func open() async throws(IntakeError) {
        try await topics.prepare()
        preparedAt.withLock { $0 = .now }
        try await consumer.open()
    }

    public func receive(limit: Int, waiting: Duration) async throws(IntakeError) -> [IntakeRecord] {
        let records = try await consumer.receive(limit: limit, waiting: waiting)
        if records.isEmpty { try await ensureTopicExists() }
        return records
    }

    /// A cluster that has lost its topics does not tell consumers; it just sends nothing. So a reader that gets
    /// nothing checks now and then that the topic exists.
    private func ensureTopicExists() async throws(IntakeError) {
        let isDue = preparedAt.withLock { last in
            guard ContinuousClock.now - last > Self.topicInterval else { return false }
            last = .now
            return true
        }
        if isDue { try await topics.prepare() }
    }

    public func hold() async throws(IntakeError) {
        try await consumer.hold()
    }

    public func reject(_ records: [RejectedRecord]) async throws(IntakeError) {
        do throws(IntakeError) {
            try await producer.send(records.map { KafkaMessage($0) }, to: configuration.deadTopic)
            return
        } catch {
            guard error.code == .rejected else { throw error }
        }
        // The added headers may have made a message too large. Its position is recorded in any case.
        for record in records {
            do throws(IntakeError) {
                try await producer.send([KafkaMessage(record)], to: configuration.deadTopic)
            } catch {
                guard error.code == .rejected else { throw error }
                try await producer.send(
                    [KafkaMessage(record, withoutValue: true)], to: configuration.deadTopic)
            }
        }
    }

    public func commit(_ records: [IntakeRecord]) async throws(IntakeError) {
        consumer.commit(records)
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
