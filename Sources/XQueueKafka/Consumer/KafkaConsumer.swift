#if Kafka

import CRdKafka
import Dispatch
import Logging
import Synchronization
import XQueueCore

/// This node's member of the consumer group, on its own thread.
actor KafkaConsumer {
    /// Maximum time a single poll for messages blocks, in milliseconds.
    private static let slice: Int32 = 100
    /// Minimum interval between offset commits.
    private static let commitInterval = Duration.milliseconds(200)
    /// Session timeout in milliseconds: how long after its last heartbeat a member's share goes to others.
    private static let memberTimeout = "10000"
    /// How long, in milliseconds, the broker gathers further messages once some have arrived. A message that
    /// arrives after a pause does not wait. Every fetch costs the broker and the node more than a message does,
    /// and records whose tasks this node has put into the store meanwhile are skipped.
    private static let gatheringTime = "50"
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let executor = ThreadExecutor("xqueue.kafka.consumer")
    /// The client's events, and this node's current share.
    nonisolated let events: KafkaEvents
    private var handle: KafkaHandle?
    /// Records received outside of `receive`, or before it failed.
    private var stash: [IntakeRecord] = []
    private var lastCommit = ContinuousClock.now

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ configuration: KafkaConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        events = KafkaEvents(logger: logger)
    }

    /// Joins the group, replacing a member with a fatal error.
    func open() throws(IntakeError) {
        if let handle, handle.fatalError == nil { return }
        leave()
        let new = try KafkaHandle(
            RD_KAFKA_CONSUMER, configuration, Self.properties(configuration), events: events
        ) { conf in
            configuration.guardFetches(in: conf)
            rd_kafka_conf_set_rebalance_cb(conf, rebalanced)
            rd_kafka_conf_set_offset_commit_cb(conf) { _, code, list, opaque in
                KafkaEvents.of(opaque)?.committed(code, PartitionList.failedCommits(of: list, code))
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

    /// Returns the next records; see ``TaskIntake/receive(limit:waiting:)``.
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
                // They are not delivered a second time.
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

    /// Pauses fetching, but stays in the group.
    nonisolated func hold() async throws(IntakeError) {
        events.share.withLock { $0.isHoldWanted = true }
        try await pauseFetching()
    }

    private func pauseFetching() throws(IntakeError) {
        events.share.withLock { $0.isHoldWanted = false }
        guard let handle else { return }
        setHeld(true, handle)
        // Messages that were already on their way.
        while let record = try poll(handle, 0) { stash.append(record) }
        commitDone(handle)
    }

    /// Marks records as processed. Their offsets are committed during the next poll, which may be in progress,
    /// or on leaving.
    nonisolated func commit(_ records: [IntakeRecord]) {
        events.share.withLock { share in
            for record in records { share.commit(record.origin.part, record.origin.position) }
        }
    }

    /// Commits processed offsets and leaves the group.
    func leave() {
        guard let handle else { return }
        self.handle = nil
        commitOffsets(handle.client, configuration.topic, events, waits: true)
        handle.leaveGroup()
        events.share.withLock { $0 = KafkaShare() }
        stash = []
    }

    private func commitDone(_ handle: KafkaHandle) {
        guard ContinuousClock.now - lastCommit >= Self.commitInterval else { return }
        lastCommit = .now
        commitOffsets(handle.client, configuration.topic, events, waits: false)
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
            // librdkafka recovers by itself; until then the intake's status reports the problem.
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
            // Nothing else reveals that a topic was deleted or recreated: fetches with the old topic's
            // identifier return nothing.
            "topic.metadata.refresh.interval.ms": "5000",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": memberTimeout,
            "heartbeat.interval.ms": "2000",
            "queued.max.messages.kbytes": "16384",
            "fetch.message.max.bytes": String(configuration.maxMessageBytes),
        ]
        // Before version 2.2 this defaulted to one second.
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
        // This reads memory next to the message, which a copy lacks.
        let time = rd_kafka_message_timestamp(pointer, &kind)
        let headers = Self.headers(of: pointer)
        self.init(
            origin: IntakeOrigin(log: topic, part: message.partition, position: message.offset),
            timestamp: Timestamp(milliseconds: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : max(time, 0)),
            key: message.key.map { Self.bytes($0, message.key_len) },
            value: Self.bytes(message.payload, message.len),
            trace: TraceContext(headers), headers: headers)
    }

    /// The bytes at an address; empty for a null pointer, whatever the count.
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
    /// The trace in a message's headers, if any.
    init?(_ headers: [IntakeHeader]) {
        func value(_ name: String) -> String? {
            headers.last { $0.name == name && $0.value.utf8.count <= 1024 }?.value
        }
        self.init(parent: value("traceparent"), state: value("tracestate"))
    }
}

/// Commits the offsets of this member's processed records.
private func commitOffsets(_ client: OpaquePointer, _ topic: String, _ events: KafkaEvents, waits: Bool) {
    let done = events.share.withLock { share in
        defer { share.done = [:] }
        // Partitions that moved to another node are that node's to commit.
        return share.done.filter { share.assigned.contains($0.key) }
    }
    guard !done.isEmpty else { return }
    let code = PartitionList(topic: topic, done).lend {
        waits ? KafkaHandle.commit(client, $0) : rd_kafka_commit(client, $0, 1)
    }
    if code != RD_KAFKA_RESP_ERR_NO_ERROR { events.committed(code, done) }
}

/// Pauses or resumes partitions. An unassigned partition is marked in the list, and is not an error.
private func setFlow(
    of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, isHeld: Bool, _ client: OpaquePointer
) {
    _ = isHeld ? rd_kafka_pause_partitions(client, list) : rd_kafka_resume_partitions(client, list)
}

/// Handles partitions that are assigned to this member or revoked. Called within a poll, on the consumer's
/// thread.
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
        // A partition that was revoked while paused would still be paused when it returns.
        setFlow(of: list, isHeld: events.share.withLock { $0.isHeld }, client)
    } else {
        if rd_kafka_assignment_lost(client) == 0, list.pointee.cnt > 0 {
            commitOffsets(client, String(cString: list.pointee.elems[0].topic), events, waits: true)
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
    events.log(isGain ? "Partitions assigned" : "Partitions revoked", facts, level: .info)
}

#endif
