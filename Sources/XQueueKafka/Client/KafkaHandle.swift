#if Kafka

import CRdKafka
import Dispatch
import Foundation
import Logging
import Synchronization
import XQueueCore

/// A librdkafka client.
///
/// `@unchecked Sendable`: librdkafka's clients are thread-safe, and the pointer never changes.
final class KafkaHandle: @unchecked Sendable {
    let client: OpaquePointer
    let events: KafkaEvents

    /// - Parameters:
    ///   - properties: Properties beyond those for reaching the cluster.
    ///   - prepare: Sets callbacks.
    /// - Throws: ``IntakeError`` with code `invalid` if librdkafka rejects a property.
    init(
        _ kind: rd_kafka_type_t, _ configuration: KafkaConfiguration, _ properties: [String: String],
        events: KafkaEvents, prepare: (OpaquePointer) -> Void = { _ in }
    ) throws(IntakeError) {
        guard let conf = rd_kafka_conf_new() else { throw IntakeError(.unavailable, "out of memory") }
        var all = configuration.commonProperties.merging(properties) { _, own in own }
        all.merge(configuration.properties) { _, given in given }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            var text = [CChar](repeating: 0, count: 512)
            // Producer-only properties are accepted by consumers, and vice versa.
            guard rd_kafka_conf_set(conf, name, value, &text, text.count) == RD_KAFKA_CONF_OK else {
                rd_kafka_conf_destroy(conf)
                throw IntakeError(.invalid, Self.text(text))
            }
        }
        rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(events).toOpaque())
        rd_kafka_conf_set_error_cb(conf) { client, code, reason, opaque in
            KafkaEvents.of(opaque)?.failed(
                rd_kafka_resp_err_t(code), reason.map { String(cString: $0) } ?? "")
        }
        rd_kafka_conf_set_log_cb(conf) { client, _, facility, message in
            let opaque = client.flatMap { rd_kafka_opaque($0) }
            guard let message else { return }
            KafkaEvents.of(opaque)?.log(facility.map { String(cString: $0) } ?? "", String(cString: message))
        }
        prepare(conf)
        var text = [CChar](repeating: 0, count: 512)
        guard let client = rd_kafka_new(kind, conf, &text, text.count) else {
            rd_kafka_conf_destroy(conf)
            throw IntakeError(.invalid, Self.text(text))
        }
        self.client = client
        self.events = events
    }

    deinit {
        // This was the last reference.
        nonisolated(unsafe) let client = client
        let (events, done) = (events, DispatchSemaphore(value: 0))
        // Destroying waits for outstanding responses. For a member that was about to join a group, a broker may
        // withhold one for minutes, so after a while this continues in the background.
        Thread.detachNewThread {
            // A group member has already left, or given up leaving.
            rd_kafka_destroy_flags(client, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
            withExtendedLifetime(events) {}
            done.signal()
        }
        _ = done.wait(timeout: .now() + Self.destroyTimeout)
    }

    /// Maximum time that `deinit` waits for the client's end.
    private static let destroyTimeout = DispatchTimeInterval.seconds(5)

    /// The error that made the client permanently unusable; nil if there is none.
    var fatalError: String? {
        var text = [CChar](repeating: 0, count: 512)
        guard rd_kafka_fatal_error(client, &text, text.count) != RD_KAFKA_RESP_ERR_NO_ERROR else {
            return nil
        }
        return Self.text(text)
    }

    static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// What librdkafka reports about a client outside of calls.
final class KafkaEvents: Sendable {
    private let logger: Logger
    private let problem_ = Mutex<String?>(nil)
    /// The partitions this client reads, and its processed but uncommitted offsets.
    let share = Mutex(KafkaShare())

    init(logger: Logger) {
        self.logger = logger
    }

    /// Why the cluster is unusable, as far as this client knows.
    var problem: String? { problem_.withLock { $0 } }

    /// Clears the problem: the cluster has responded.
    func worked() {
        problem_.withLock { $0 = nil }
    }

    func failed(_ code: rd_kafka_resp_err_t, _ reason: String) {
        problem_.withLock { problem in
            // "All brokers down" follows a more specific error.
            guard problem == nil || code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN else { return }
            problem = reason.isEmpty ? KafkaCode.text(code) : reason
        }
        logger.debug("Kafka client error", metadata: ["error": "\(reason)"])
    }

    func log(_ facility: String, _ message: String) {
        logger.debug("librdkafka", metadata: ["facility": "\(facility)", "message": "\(message)"])
    }

    func log(_ message: Logger.Message, _ facts: Logger.Metadata, level: Logger.Level = .debug) {
        logger.log(level: level, message, metadata: facts)
    }

    /// Takes the result of an offset commit: what failed is committed again with the next one.
    func committed(_ code: rd_kafka_resp_err_t, _ failed: [Int32: Int64]) {
        guard !failed.isEmpty else { return }
        share.withLock { $0.keep(failed) }
        log(
            "Kafka did not commit the consumer's offsets; retrying",
            ["error": "\(KafkaCode.text(code))"])
    }

    static func of(_ opaque: UnsafeMutableRawPointer?) -> KafkaEvents? {
        opaque.map { Unmanaged<KafkaEvents>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// Texts for librdkafka's error codes.
enum KafkaCode {
    static func text(_ code: rd_kafka_resp_err_t) -> String { String(cString: rd_kafka_err2str(code)) }
}

extension KafkaConfiguration {
    /// Connection and security settings, as properties.
    var commonProperties: [String: String] {
        var properties = [
            "bootstrap.servers": brokers.joined(separator: ","),
            "client.id": "xqueue",
            "security.protocol": security.transport.rawValue,
            // A returning broker is found within a submission's timeout.
            "reconnect.backoff.max.ms": "2000",
            "message.max.bytes": String(maxMessageBytes),
            "allow.auto.create.topics": "false",
        ]
        if security.transport == .saslPlaintext || security.transport == .saslTLS {
            properties["sasl.mechanism"] = security.mechanism.rawValue
        }
        properties["sasl.username"] = security.username
        properties["sasl.password"] = security.password
        properties["ssl.ca.location"] = security.caFile
        properties["ssl.certificate.location"] = security.certificateFile
        properties["ssl.key.location"] = security.keyFile
        return properties
    }
}

/// A consumer group member's calls on leaving, with timeouts: librdkafka's own versions wait as long as no
/// broker answers.
extension KafkaHandle {
    /// Maximum wait for an offset commit, in milliseconds.
    private static let commitMilliseconds: Int32 = 5000
    /// Maximum wait for leaving the group.
    private static let closeTimeout = Duration.seconds(10)

    /// Whether the group rebalances cooperatively, moving single partitions rather than all of them.
    static func isCooperative(_ client: OpaquePointer) -> Bool {
        rd_kafka_rebalance_protocol(client).map { String(cString: $0) } == "COOPERATIVE"
    }

    /// Commits offsets, and waits for the response.
    static func commit(
        _ client: OpaquePointer, _ offsets: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) -> rd_kafka_resp_err_t {
        guard let queue = rd_kafka_queue_new(client) else { return RD_KAFKA_RESP_ERR__FAIL }
        defer { rd_kafka_queue_destroy(queue) }
        let code = rd_kafka_commit_queue(client, offsets, queue, nil, nil)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return code }
        guard let event = rd_kafka_queue_poll(queue, commitMilliseconds) else {
            return RD_KAFKA_RESP_ERR__TIMED_OUT
        }
        defer { rd_kafka_event_destroy(event) }
        return rd_kafka_event_error(event)
    }

    /// Leaves the group. If no broker responds, the group detects the member's absence by itself.
    func leaveGroup() {
        guard let queue = rd_kafka_queue_new(client) else { return }
        defer { rd_kafka_queue_destroy(queue) }
        if let error = rd_kafka_consumer_close_queue(client, queue) {
            return rd_kafka_error_destroy(error)
        }
        let deadline = ContinuousClock.now + Self.closeTimeout
        while rd_kafka_consumer_closed(client) == 0, ContinuousClock.now < deadline {
            guard let event = rd_kafka_queue_poll(queue, 100) else { continue }
            // Other events, such as messages in flight, are dropped; the next reader gets those records.
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE {
                unassign(rd_kafka_event_topic_partition_list(event))
            }
            rd_kafka_event_destroy(event)
        }
    }

    /// Returns the last partitions to the group.
    private func unassign(_ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) {
        if Self.isCooperative(client), let partitions {
            if let error = rd_kafka_incremental_unassign(client, partitions) { rd_kafka_error_destroy(error) }
        } else {
            rd_kafka_assign(client, nil)
        }
    }
}

#endif
