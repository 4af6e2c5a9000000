#if Kafka

import CRdKafka
import Dispatch
import Logging
import Synchronization
import XQueueCore

/// This node's member of the consumer group, on a thread of its own.
actor KafkaConsumer {
    /// How long one look for messages may block.
    private static let slice: Int32 = 100
    /// How often it is noted, at most, up to where records are done with.
    private static let commitInterval = Duration.milliseconds(200)
    /// After how many milliseconds without a sign of life a member's share goes to others.
    private static let memberTimeout = "10000"
    /// For how many milliseconds more messages gather at the broker when some have come. One that comes after a
    /// rest does not wait. Every fetch costs the broker and the node more than a message, and what this node's
    /// own submissions have put into the store meanwhile is passed by.
    private static let gatheringTime = "50"
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let executor = ThreadExecutor("xqueue.kafka.consumer")
    /// What this node reads now.
    nonisolated let events: KafkaEvents
    private var handle: KafkaHandle?
    /// Records that came while there was no place for them.
    private var stash: [IntakeRecord] = []
    private var lastCommit = ContinuousClock.now

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ configuration: KafkaConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        events = KafkaEvents(logger: logger)
    }

    /// Joins the group; a member that has become useless is replaced.
    func open() throws(IntakeError) {
        if let handle, handle.fatalError == nil { return }
        leave()
        let new = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration, Self.properties(configuration), events: events
        ) { conf in
            configuration.guardFetches(in: conf)
            rd_kafka_conf_set_rebalance_cb(conf, rebalanced)
            rd_kafka_conf_set_offset_commit_cb(conf) { _, code, _, opaque in
                guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR__NO_OFFSET else { return }
                KafkaEvents.of(opaque)?.tell(
                    "Kafka has not noted how far its records are read; they may come again",
                    ["error": "\(KafkaCode.text(code))"])
            }
        }
        rd_kafka_poll_set_consumer(new.client)
        let topics = PartitionList(topic: configuration.topic, [-1: Int64(RD_KAFKA_OFFSET_INVALID)])
        let code = topics.lend { rd_kafka_subscribe(new.client, $0) }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            new.leaveGroup()
            throw IntakeError(.unavailable, "cannot read the topic: \(KafkaCode.text(code))")
        }
        handle = new
    }

    /// The next records; see ``TaskIntake/receive(limit:waiting:)``.
    func receive(limit: Int, waiting: Duration) throws(IntakeError) -> [IntakeRecord] {
        guard let handle else { throw IntakeError(.closed, "the topic is not open") }
        if events.share.withLock({ $0.isHeld }) { setHeld(false, handle) }
        commitDone(handle)
        var records = stash
        stash = []
        let deadline = ContinuousClock.now + waiting
        while records.count < limit {
            let isFirst = records.isEmpty
            let record: IntakeRecord?
            do throws(IntakeError) {
                record = try poll(handle, isFirst ? Self.slice : 0)
            } catch {
                // They do not come a second time.
                stash = records
                throw error
            }
            if let record {
                records.append(record)
            } else if !isFirst || Task.isCancelled || ContinuousClock.now >= deadline
                || events.share.withLock({ $0.isHoldWanted })
            {
                break
            } else {
                commitDone(handle)
            }
        }
        return records
    }

    /// Stops the flow and stays in the group.
    nonisolated func hold() async throws(IntakeError) {
        events.share.withLock { $0.isHoldWanted = true }
        try await stopFlow()
    }

    private func stopFlow() throws(IntakeError) {
        events.share.withLock { $0.isHoldWanted = false }
        guard let handle else { return }
        setHeld(true, handle)
        // What was on its way already.
        while let record = try poll(handle, 0) { stash.append(record) }
        commitDone(handle)
    }

    /// The records are done with. The cluster hears of it within the next look for messages, which may be
    /// under way, or at the end.
    nonisolated func commit(_ records: [IntakeRecord]) {
        events.share.withLock { share in
            for record in records { share.commit(record.origin.part, record.origin.position) }
        }
    }

    /// Notes what is done and leaves the group.
    func leave() {
        guard let handle else { return }
        self.handle = nil
        noteDone(handle.client, configuration.topic, events, waits: true)
        handle.leaveGroup()
        events.share.withLock { $0 = KafkaShare() }
        stash = []
    }

    private func commitDone(_ handle: KafkaHandle) {
        guard ContinuousClock.now - lastCommit >= Self.commitInterval else { return }
        lastCommit = .now
        noteDone(handle.client, configuration.topic, events, waits: false)
    }

    private func setHeld(_ isHeld: Bool, _ handle: KafkaHandle) {
        events.share.withLock { $0.isHeld = isHeld }
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard rd_kafka_assignment(handle.client, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else {
            return
        }
        let partitions = PartitionList(owning: list)
        partitions.lend { setFlow(of: $0, isHeld: isHeld, handle.client) }
    }

    private func poll(_ handle: KafkaHandle, _ milliseconds: Int32) throws(IntakeError) -> IntakeRecord? {
        guard let message = rd_kafka_consumer_poll(handle.client, milliseconds) else { return nil }
        defer { rd_kafka_message_destroy(message) }
        let code = message.pointee.err
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else {
            events.worked()
            let (partition, offset) = (message.pointee.partition, message.pointee.offset)
            guard !events.share.withLock({ $0.receive(partition, offset) }) else {
                return IntakeRecord(
                    storedAt: IntakeOrigin(log: configuration.topic, part: partition, position: offset))
            }
            return IntakeRecord(UnsafePointer(message), topic: configuration.topic)
        }
        if let fatal = handle.fatalError { throw IntakeError(.unavailable, fatal) }
        switch code {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF, RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: break
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            throw IntakeError(.unavailable, "cannot read the topic: \(KafkaCode.text(code))")
        default:
            // It heals by itself; until then it is said where one asks how the log is.
            events.failed(code, "")
        }
        return nil
    }

    private static func properties(_ configuration: KafkaConfiguration) -> [String: String] {
        var properties = [
            "group.id": configuration.groupID,
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "auto.offset.reset": "earliest",
            // A topic that was deleted, or made anew, is noticed by nothing else: what a reader asks for by the identifier
            // of the old one is answered with nothing.
            "topic.metadata.refresh.interval.ms": "5000",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": memberTimeout,
            "heartbeat.interval.ms": "2000",
            "queued.max.messages.kbytes": "16384",
            "fetch.message.max.bytes": String(configuration.maxMessageBytes),
        ]
        // Before version 2.2 the time was a second.
        if rd_kafka_version() >= 0x0202_0000 {
            properties["queued.min.messages"] = "1"
            properties["fetch.queue.backoff.ms"] = gatheringTime
        }
        return properties
    }
}

extension IntakeRecord {
    init(_ pointer: UnsafePointer<rd_kafka_message_t>, topic: String) {
        let message = pointer.pointee
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        // It looks at what lies around the message, which a copy has not.
        let time = rd_kafka_message_timestamp(pointer, &kind)
        let headers = Self.headers(of: pointer)
        self.init(
            origin: IntakeOrigin(log: topic, part: message.partition, position: message.offset),
            timestamp: Timestamp(milliseconds: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : max(time, 0)),
            key: message.key.map { Self.bytes($0, message.key_len) },
            value: Self.bytes(message.payload, message.len),
            trace: TraceContext(headers), headers: headers)
    }

    /// The bytes at an address; none at no address, whatever their number is said to be.
    private static func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8] {
        guard let start, count > 0 else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private static func headers(of message: UnsafePointer<rd_kafka_message_t>) -> [IntakeHeader] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else {
            return []
        }
        var headers: [IntakeHeader] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(list, headers.count, &name, &value, &size)
            == RD_KAFKA_RESP_ERR_NO_ERROR,
            let name
        {
            headers.append(
                IntakeHeader(
                    String(cString: name),
                    String(decoding: bytes(value, size), as: UTF8.self)))
        }
        return headers
    }
}

extension TraceContext {
    /// The trace a message's headers tell of, if they do.
    init?(_ headers: [IntakeHeader]) {
        func value(_ name: String) -> String? {
            headers.last { $0.name == name && $0.value.utf8.count <= 1024 }?.value
        }
        self.init(parent: value("traceparent"), state: value("tracestate"))
    }
}

/// Has the cluster note up to where the records of this member's partitions are done with.
private func noteDone(_ client: OpaquePointer, _ topic: String, _ events: KafkaEvents, waits: Bool) {
    let done = events.share.withLock { share in
        defer { share.done = [:] }
        // What another node reads by now is its to note.
        return share.done.filter { share.assigned.contains($0.key) }
    }
    guard !done.isEmpty else { return }
    let code = PartitionList(topic: topic, done).lend {
        waits ? KafkaHandle.commit(client, $0) : rd_kafka_commit(client, $0, 1)
    }
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    events.tell(
        "Kafka has not noted how far its records are read; they may come again",
        ["error": "\(KafkaCode.text(code))"])
}

/// Pauses partitions, or resumes them. A partition that is not assigned is marked in the list, and is no failure.
private func setFlow(
    of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, isHeld: Bool, _ client: OpaquePointer
) {
    _ = isHeld ? rd_kafka_pause_partitions(client, list) : rd_kafka_resume_partitions(client, list)
}

/// Partitions come to this member or go to another. Called within a poll, on the consumer's thread.
private func rebalanced(
    _ client: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let list, let events = KafkaEvents.of(opaque) else { return }
    let isCooperative = KafkaHandle.isCooperative(client)
    let partitions = PartitionList.partitions(of: list)
    var error: OpaquePointer?
    if code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
        events.share.withLock { $0.assign(isCooperative ? $0.assigned.union(partitions) : partitions) }
        if isCooperative {
            error = rd_kafka_incremental_assign(client, list)
        } else {
            rd_kafka_assign(client, list)
        }
        // One that went away while it was held would still be held now that it is back.
        setFlow(of: list, isHeld: events.share.withLock { $0.isHeld }, client)
    } else {
        if rd_kafka_assignment_lost(client) == 0, list.pointee.cnt > 0 {
            noteDone(client, String(cString: list.pointee.elems[0].topic), events, waits: true)
        }
        events.share.withLock { $0.assign(isCooperative ? $0.assigned.subtracting(partitions) : []) }
        if isCooperative {
            error = rd_kafka_incremental_unassign(client, list)
        } else {
            rd_kafka_assign(client, nil)
        }
    }
    let isGain = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
    var facts: Logger.Metadata = [
        "partitions": "\(partitions.sorted().map(String.init).joined(separator: ","))"
    ]
    if let error {
        facts["error"] = "\(String(cString: rd_kafka_error_string(error)))"
        rd_kafka_error_destroy(error)
    }
    guard !partitions.isEmpty else { return }
    events.tell(
        isGain ? "This node reads partitions of the log" : "This node leaves partitions of the log", facts,
        level: .info)
}

#endif
