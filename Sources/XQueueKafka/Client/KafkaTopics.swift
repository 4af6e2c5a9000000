#if Kafka

import CRdKafka
import Logging
import XQueueCore

/// Queries the cluster about topics, and creates missing ones. On its own thread, because the calls block.
actor KafkaTopics {
    private static let timeout: Int32 = 3000
    /// How long the cached status stays fresh.
    private static let freshness = Duration.seconds(1)
    let configuration: KafkaConfiguration
    private let logger: Logger
    private let executor = ThreadExecutor("xqueue.kafka.topics")
    let handle: KafkaHandle
    /// The topics already checked; problems are logged once per topic.
    private var inspected: Set<String> = []
    /// The topics known to have existed.
    private var made: Set<String> = []
    private var last: (status: IntakeStatus, at: ContinuousClock.Instant)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Throws: ``IntakeError`` with code `invalid`.
    init(_ configuration: KafkaConfiguration, logger: Logger) throws(IntakeError) {
        self.configuration = configuration
        self.logger = logger
        // It never subscribes, so it joins no group; it only queries the group's offsets.
        handle = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration,
            ["group.id": configuration.groupID, "enable.auto.commit": "false"],
            events: KafkaEvents(logger: logger))
        rd_kafka_poll_set_consumer(handle.client)
    }

    /// Creates missing topics, and logs misconfigured ones.
    func prepare() throws(IntakeError) {
        let topic = configuration.topic
        let largest = ["max.message.bytes": String(configuration.maxMessageBytes)]
        let count = try prepare(topic, partitions: configuration.partitions, largest)
        report(topic) {
            let faults = faults(ofTasks: topic)
            guard count != configuration.partitions else { return faults }
            return faults + ["it has \(count) partitions, not \(configuration.partitions) as configured"]
        }
        _ = try prepare(configuration.deadTopic, partitions: 1, largest)
    }

    /// Logs, once, what is wrong with a topic that can still be used.
    private func report(_ topic: String, _ faults: () -> [String]) {
        guard inspected.insert(topic).inserted else { return }
        for fault in faults() {
            logger.warning(
                "Topic is misconfigured", metadata: ["topic": "\(topic)", "reason": "\(fault)"])
        }
    }

    /// Creates the topic that records ended tasks, if it is missing.
    func prepareStatusTopic(_ topic: String) throws(IntakeError) {
        _ = try prepare(topic, partitions: configuration.partitions, ["cleanup.policy": "compact"])
        report(topic) { faults(ofStatus: topic) }
    }

    /// The log's condition, and how far the group has read it.
    func status(assigned: Set<Int32>) -> IntakeStatus {
        let now = ContinuousClock.now
        var status = IntakeStatus(assigned: assigned.sorted())
        if let last, now - last.at < Self.freshness {
            status.problem = last.status.problem
            status.parts = last.status.parts
            return status
        }
        do throws(IntakeError) {
            status.parts = try progress()
        } catch {
            status.problem = error.message
        }
        last = (status, ContinuousClock.now)
        return status
    }

    private func progress() throws(IntakeError) -> [IntakeStatus.Part] {
        let topic = configuration.topic
        let numbers = try numbers(of: topic)
        let committed = PartitionList(
            topic: topic, Dictionary(uniqueKeysWithValues: numbers.map { ($0, -1) }))
        try check(committed.lend { rd_kafka_committed(handle.client, $0, Self.timeout) })
        // Special timestamps of the protocol: -1 is the end, -2 the beginning.
        let ends = try offsets(at: -1, topic, numbers)
        let starts = try offsets(at: -2, topic, numbers)
        return numbers.map {
            Self.partition($0, committed: committed.offsets[$0], start: starts[$0], end: ends[$0])
        }
    }

    /// A partition's status from the brokers' replies. Negative offsets are ignored; since the queries run one
    /// after the other, the committed offset may be beyond the end.
    static func partition(
        _ number: Int32, committed: Int64?, start: Int64?, end: Int64?
    ) -> IntakeStatus.Part {
        let committed = committed.flatMap { $0 >= 0 ? $0 : nil }
        let end = max(end ?? 0, committed ?? 0, 0)
        let start = max(start ?? 0, 0)
        return IntakeStatus.Part(
            number: number, committed: committed, end: end,
            lag: max(end - max(committed ?? start, start), 0))
    }

    /// The current records of a topic, from a given position.
    func spans(of topic: String, from start: IntakeStart) throws(IntakeError) -> [IntakeSpan] {
        let numbers = try numbers(of: topic)
        let ends = try offsets(at: -1, topic, numbers)
        let oldest = try offsets(at: -2, topic, numbers)
        let wanted: [Int32: Int64] =
            switch start {
            case .position(let offset): Dictionary(uniqueKeysWithValues: numbers.map { ($0, offset) })
            // Negative times have special meanings in the protocol.
            case .time(let time): try offsets(at: max(time.milliseconds, 0), topic, numbers)
            }
        return numbers.map { number in
            let (end, oldest) = (max(ends[number] ?? 0, 0), max(oldest[number] ?? 0, 0))
            // If no record is that recent, the result is negative.
            let start = wanted[number].flatMap { $0 >= 0 ? $0 : nil } ?? end
            return IntakeSpan(part: number, start: max(start, oldest), end: end)
        }
    }

    /// The partitions of a topic that must exist.
    private func numbers(of topic: String) throws(IntakeError) -> [Int32] {
        let count = try partitions(of: topic)
        guard count > 0 else { throw IntakeError(.unavailable, "no such topic: \(topic)") }
        return (0..<Int32(count)).map { $0 }
    }

    /// For each partition, the offset of the first record not older than `time`.
    private func offsets(
        at time: Int64, _ topic: String, _ partitions: [Int32]
    ) throws(IntakeError) -> [Int32: Int64] {
        let list = PartitionList(
            topic: topic, Dictionary(uniqueKeysWithValues: partitions.map { ($0, time) }))
        try check(list.lend { rd_kafka_offsets_for_times(handle.client, $0, Self.timeout) })
        return list.offsets
    }

    /// Returns the topic's number of partitions, creating the topic if it does not exist.
    private func prepare(
        _ topic: String, partitions: Int, _ properties: [String: String] = [:]
    ) throws(IntakeError) -> Int {
        let count = try self.partitions(of: topic)
        guard count == 0 else {
            made.insert(topic)
            return count
        }
        try create(topic, partitions: partitions, properties)
        let facts: Logger.Metadata = ["topic": "\(topic)", "partitions": "\(partitions)"]
        if made.insert(topic).inserted {
            logger.info("Created a topic", metadata: facts)
        } else {
            logger.warning("Recreated a missing topic; its records are lost", metadata: facts)
        }
        return partitions
    }

    /// Number of partitions of the topic; 0 if it does not exist.
    private func partitions(of topic: String) throws(IntakeError) -> Int {
        guard let local = rd_kafka_topic_new(handle.client, topic, nil) else {
            throw IntakeError(.invalid, "cannot use the topic \(topic)")
        }
        defer { rd_kafka_topic_destroy(local) }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try check(rd_kafka_metadata(handle.client, 0, local, &metadata, Self.timeout))
        guard let metadata else { return 0 }
        defer { rd_kafka_metadata_destroy(metadata) }
        guard metadata.pointee.topic_cnt > 0, let entry = metadata.pointee.topics else { return 0 }
        switch entry[0].err {
        case RD_KAFKA_RESP_ERR_NO_ERROR: return Int(entry[0].partition_cnt)
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return 0
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE where entry[0].partition_cnt > 0:
            return Int(entry[0].partition_cnt)
        case let code:
            throw IntakeError(.unavailable, "the topic \(topic): \(KafkaCode.text(code))")
        }
    }

    private func create(
        _ topic: String, partitions: Int, _ properties: [String: String]
    ) throws(IntakeError) {
        var text = [CChar](repeating: 0, count: 512)
        let replication = Int32(configuration.replication ?? -1)
        var new: OpaquePointer? = rd_kafka_NewTopic_new(
            topic, Int32(partitions), replication, &text, text.count)
        guard let made = new else { throw IntakeError(.invalid, KafkaHandle.text(text)) }
        defer { rd_kafka_NewTopic_destroy(made) }
        for (name, value) in properties { rd_kafka_NewTopic_set_config(made, name, value) }
        let queue = rd_kafka_queue_new(handle.client)
        defer { rd_kafka_queue_destroy(queue) }
        rd_kafka_CreateTopics(handle.client, &new, 1, nil, queue)
        guard let event = rd_kafka_queue_poll(queue, 15_000) else {
            throw IntakeError(.unavailable, "cannot create the topic \(topic): no reply")
        }
        defer { rd_kafka_event_destroy(event) }
        try check(rd_kafka_event_error(event))
        guard let result = rd_kafka_event_CreateTopics_result(event) else { return }
        var count = 0
        guard let results = rd_kafka_CreateTopics_result_topics(result, &count), count > 0,
            let first = results[0]
        else { return }
        switch rd_kafka_topic_result_error(first) {
        // Another node created it first.
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: break
        case let code:
            let detail = rd_kafka_topic_result_error_string(first).map { String(cString: $0) }
            throw IntakeError(
                .invalid, "cannot create the topic \(topic): \(detail ?? KafkaCode.text(code))")
        }
    }

    private func check(_ code: rd_kafka_resp_err_t) throws(IntakeError) {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return handle.events.worked() }
        // The client's error callback says more than a timeout. It is served by polling for messages; a client
        // without topics never gets any.
        if let message = rd_kafka_consumer_poll(handle.client, 0) { rd_kafka_message_destroy(message) }
        let detail = handle.events.problem.map { ": \($0)" } ?? ""
        throw IntakeError(.unavailable, "request to Kafka failed: \(KafkaCode.text(code))\(detail)")
    }
}

#endif
