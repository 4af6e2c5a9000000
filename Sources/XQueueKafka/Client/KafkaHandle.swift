#if Kafka

import CRdKafka
import Dispatch
import Foundation
import Logging
import Synchronization
import XQueueCore

/// One client of librdkafka.
///
/// `@unchecked Sendable`: librdkafka's clients may be used by many threads at once, and the pointer never
/// changes.
final class KafkaHandle: @unchecked Sendable {
    let client: OpaquePointer
    let events: KafkaEvents

    /// - Parameters:
    ///   - properties: Further ones than those that say where the cluster is.
    ///   - prepare: Sets call-backs.
    /// - Throws: ``IntakeError`` of code `invalid` about a property that librdkafka refuses.
    init(
        _ kind: rd_kafka_type_t, _ configuration: KafkaConfiguration, _ properties: [String: String],
        events: KafkaEvents, prepare: (OpaquePointer) -> Void = { _ in }
    ) throws(IntakeError) {
        guard let conf = rd_kafka_conf_new() else { throw IntakeError(.unavailable, "out of memory") }
        var all = configuration.commonProperties.merging(properties) { _, own in own }
        all.merge(configuration.properties) { _, given in given }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            var text = [CChar](repeating: 0, count: 512)
            // What only a producer or only a consumer knows is refused by neither.
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
        // Nobody else has it any more.
        nonisolated(unsafe) let client = client
        let (events, done) = (events, DispatchSemaphore(value: 0))
        // It waits for the answers to what is under way. To a member that was about to join a group, a broker
        // may take minutes to give none, so beyond some time that goes on without whoever wants to end.
        Thread.detachNewThread {
            // Whoever has joined a group has left it, or has given up doing so.
            rd_kafka_destroy_flags(client, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
            withExtendedLifetime(events) {}
            done.signal()
        }
        _ = done.wait(timeout: .now() + Self.farewell)
    }

    /// How long whoever lets go of a client waits for its end.
    private static let farewell = DispatchTimeInterval.seconds(5)

    /// What made the client useless for good; nil if nothing did.
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

/// What librdkafka tells of a client beside its calls.
final class KafkaEvents: Sendable {
    private let logger: Logger
    private let problem_ = Mutex<String?>(nil)
    /// The partitions this client reads, and up to where what it read is done with and not yet noted.
    let share = Mutex(KafkaShare())

    init(logger: Logger) {
        self.logger = logger
    }

    /// Why the cluster cannot be used now, as far as this client knows.
    var problem: String? { problem_.withLock { $0 } }

    /// Something came back from the cluster.
    func worked() {
        problem_.withLock { $0 = nil }
    }

    func failed(_ code: rd_kafka_resp_err_t, _ reason: String) {
        problem_.withLock { problem in
            // That all brokers are down follows what is wrong with them, and says less.
            guard problem == nil || code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN else { return }
            problem = reason.isEmpty ? KafkaCode.text(code) : reason
        }
        logger.debug("A client of Kafka reports a problem", metadata: ["error": "\(reason)"])
    }

    func log(_ facility: String, _ message: String) {
        logger.debug("librdkafka", metadata: ["facility": "\(facility)", "message": "\(message)"])
    }

    func tell(_ message: Logger.Message, _ facts: Logger.Metadata, level: Logger.Level = .debug) {
        logger.log(level: level, message, metadata: facts)
    }

    static func of(_ opaque: UnsafeMutableRawPointer?) -> KafkaEvents? {
        opaque.map { Unmanaged<KafkaEvents>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// librdkafka's codes in words.
enum KafkaCode {
    static func text(_ code: rd_kafka_resp_err_t) -> String { String(cString: rd_kafka_err2str(code)) }
}

extension KafkaConfiguration {
    /// Where the cluster is and how it is spoken to, as properties.
    var commonProperties: [String: String] {
        var properties = [
            "bootstrap.servers": brokers.joined(separator: ","),
            "client.id": "xqueue",
            "security.protocol": security.transport.rawValue,
            // A broker that is back is found within the time of a submission.
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

/// What a member of a consumer group asks of the cluster at its end, where waiting must have an end, too:
/// librdkafka's own calls wait for as long as no broker answers.
extension KafkaHandle {
    /// The longest wait for the cluster to note offsets, in milliseconds.
    private static let commitMilliseconds: Int32 = 5000
    /// The longest wait for the group to let this member go.
    private static let closePatience = Duration.seconds(10)

    /// Whether the members of the group hand over single partitions, and not all of them at each change.
    static func isCooperative(_ client: OpaquePointer) -> Bool {
        rd_kafka_rebalance_protocol(client).map { String(cString: $0) } == "COOPERATIVE"
    }

    /// Notes offsets, and waits for the answer.
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

    /// Leaves the group. If no broker answers, the group notices by itself that a member is gone.
    func leaveGroup() {
        guard let queue = rd_kafka_queue_new(client) else { return }
        defer { rd_kafka_queue_destroy(queue) }
        if let error = rd_kafka_consumer_close_queue(client, queue) {
            return rd_kafka_error_destroy(error)
        }
        let deadline = ContinuousClock.now + Self.closePatience
        while rd_kafka_consumer_closed(client) == 0, ContinuousClock.now < deadline {
            guard let event = rd_kafka_queue_poll(queue, 100) else { continue }
            // What else comes here, such as messages that were under way, is for whoever reads next.
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE {
                giveBack(rd_kafka_event_topic_partition_list(event))
            }
            rd_kafka_event_destroy(event)
        }
    }

    /// The last partitions go to other members.
    private func giveBack(_ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) {
        if Self.isCooperative(client), let partitions {
            if let error = rd_kafka_incremental_unassign(client, partitions) { rd_kafka_error_destroy(error) }
        } else {
            rd_kafka_assign(client, nil)
        }
    }
}

#endif
