#if Kafka

import CRdKafka
import Logging
import XQueueCore

/// Reads a topic from a given position to its current end, outside of any group, on its own thread.
actor KafkaScan {
    /// Maximum wait for the next record.
    private static let recordTimeout = Duration.seconds(30)
    private let topic: String
    private let executor = ThreadExecutor("xqueue.kafka.scan")
    private let handle: KafkaHandle
    /// For each partition not yet read to its end, the end offset when the scan started.
    private var ends: [Int32: Int64] = [:]
    /// When the scan started. Later records need not be read.
    private let begin = SystemQueueClock().now()
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Throws: ``IntakeError`` with code `invalid`.
    init(_ configuration: KafkaConfiguration, topic: String, logger: Logger) throws(IntakeError) {
        self.topic = topic
        handle = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration,
            [
                "group.id": configuration.groupID,
                "enable.auto.commit": "false",
                "enable.auto.offset.store": "false",
                // Records deleted during the scan must not be skipped silently.
                "auto.offset.reset": "error",
                // The end offset reported beforehand is not always where the last batch ends.
                "enable.partition.eof": "true",
                "fetch.message.max.bytes": String(configuration.maxMessageBytes),
            ],
            events: KafkaEvents(logger: logger)
        ) { conf in
            configuration.guardFetches(in: conf)
        }
        rd_kafka_poll_set_consumer(handle.client)
    }

    /// Starts reading.
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

    /// Returns up to `limit` records; none once all partitions have been read to their ends.
    func read(limit: Int) throws(IntakeError) -> [IntakeRecord] {
        var records: [IntakeRecord] = []
        var deadline = ContinuousClock.now + Self.recordTimeout
        while records.count < limit, !ends.isEmpty {
            guard let message = rd_kafka_consumer_poll(handle.client, records.isEmpty ? 100 : 0) else {
                guard records.isEmpty else { break }
                if isClosed || Task.isCancelled {
                    throw IntakeError(.closed, "reading \(topic) was canceled")
                }
                guard ContinuousClock.now < deadline else { throw stalled }
                continue
            }
            defer { rd_kafka_message_destroy(message) }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                deadline = .now + Self.recordTimeout
                let record = IntakeRecord(UnsafePointer(message), topic: topic)
                guard let end = ends[record.origin.part] else { continue }
                if record.origin.position >= end, record.timestamp > begin {
                    ends[record.origin.part] = nil
                } else {
                    records.append(record)
                }
            case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
                throw IntakeError(.unavailable, "records of \(topic) were deleted while being read")
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: ends[message.pointee.partition] = nil
            case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
                throw IntakeError(
                    .unavailable, "cannot read \(topic): \(KafkaCode.text(message.pointee.err))")
            // librdkafka recovers by itself, or the scan times out.
            case let code: handle.events.failed(code, "")
            }
        }
        return records
    }

    /// Closes the client.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        ends = [:]
        handle.leaveGroup()
    }

    private var stalled: IntakeError {
        let detail = handle.events.problem.map { ": \($0)" } ?? ""
        return IntakeError(
            .unavailable,
            "no records received from \(topic) for \(Self.recordTimeout.components.seconds) s\(detail)")
    }
}

#endif
