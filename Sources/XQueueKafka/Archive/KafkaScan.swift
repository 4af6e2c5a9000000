#if Kafka

import CRdKafka
import Logging
import XQueueCore

/// Reads a topic from some place to where it ends now, as a member of no group, on a thread of its own.
actor KafkaScan {
    /// How long the next record may take.
    private static let patience = Duration.seconds(30)
    private let topic: String
    private let executor = ThreadExecutor("xqueue.kafka.scan")
    private let handle: KafkaHandle
    /// For each partition that is not read to its end, where that was at the start.
    private var ends: [Int32: Int64] = [:]
    /// When it began. What was written later need not be read.
    private let begin = SystemQueueClock().now()
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Throws: ``IntakeError`` of code `invalid`.
    init(_ configuration: KafkaConfiguration, topic: String, logger: Logger) throws(IntakeError) {
        self.topic = topic
        handle = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration,
            [
                "group.id": configuration.groupID,
                "enable.auto.commit": "false",
                "enable.auto.offset.store": "false",
                // What is deleted meanwhile must not be passed by in silence.
                "auto.offset.reset": "error",
                // What the broker says beforehand is not always where its last batch ends.
                "enable.partition.eof": "true",
                "fetch.message.max.bytes": String(configuration.maxMessageBytes),
            ],
            events: KafkaEvents(logger: logger)
        ) { conf in
            configuration.guardFetches(in: conf)
        }
        rd_kafka_poll_set_consumer(handle.client)
    }

    /// Begins to read.
    func start(_ spans: [IntakeSpan]) throws(IntakeError) {
        let open = spans.filter { $0.count > 0 }
        guard !open.isEmpty else { return }
        ends = Dictionary(uniqueKeysWithValues: open.map { ($0.part, $0.end) })
        let list = PartitionList(
            topic: topic, Dictionary(uniqueKeysWithValues: open.map { ($0.part, $0.start) }))
        let code = list.lend { rd_kafka_assign(handle.client, $0) }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw IntakeError(.unavailable, "cannot read \(topic): \(KafkaCode.text(code))")
        }
    }

    /// Up to `limit` records; none once all partitions are read to where they ended at the start.
    func read(limit: Int) throws(IntakeError) -> [IntakeRecord] {
        var records: [IntakeRecord] = []
        var deadline = ContinuousClock.now + Self.patience
        while records.count < limit, !ends.isEmpty {
            guard let message = rd_kafka_consumer_poll(handle.client, records.isEmpty ? 100 : 0) else {
                guard records.isEmpty else { break }
                if isClosed || Task.isCancelled {
                    throw IntakeError(.closed, "reading \(topic) was given up")
                }
                guard ContinuousClock.now < deadline else { throw stalled }
                continue
            }
            defer { rd_kafka_message_destroy(message) }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                deadline = .now + Self.patience
                let record = IntakeRecord(UnsafePointer(message), topic: topic)
                guard let end = ends[record.origin.part] else { continue }
                if record.origin.position >= end, record.timestamp > begin {
                    ends[record.origin.part] = nil
                } else {
                    records.append(record)
                }
            case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
                throw IntakeError(.unavailable, "records of \(topic) were deleted while they were read")
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: ends[message.pointee.partition] = nil
            case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
                throw IntakeError(
                    .unavailable, "cannot read \(topic): \(KafkaCode.text(message.pointee.err))")
            // It heals by itself, or nothing comes in time.
            case let code: handle.events.failed(code, "")
            }
        }
        return records
    }

    /// Ends the client.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        ends = [:]
        handle.leaveGroup()
    }

    private var stalled: IntakeError {
        let detail = handle.events.problem.map { ": \($0)" } ?? ""
        return IntakeError(
            .unavailable, "nothing has come from \(topic) for \(Self.patience.components.seconds) s\(detail)")
    }
}

#endif
