#if Kafka

import CRdKafka
import Foundation
import Logging
import Synchronization
import XQueueCore

/// Sends messages and reports when the cluster has them: acknowledged by all in-sync replicas, and, thanks to
/// idempotence, neither duplicated nor reordered.
final class KafkaProducer: Sendable {
    /// How long closing waits for messages in flight, in milliseconds.
    private static let lastFlush: Int32 = 5000
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let handle: Mutex<KafkaHandle?>

    /// - Throws: ``IntakeError`` with code `invalid`.
    init(_ configuration: KafkaConfiguration, logger: Logger) throws(IntakeError) {
        self.configuration = configuration
        self.logger = logger
        handle = Mutex(try Self.handle(configuration, logger))
    }

    /// Sends all messages, and returns once the cluster has them.
    ///
    /// - Returns: Their positions, in any order.
    @discardableResult
    func send(_ messages: [KafkaMessage], to topic: String) async throws(IntakeError) -> [IntakeOrigin] {
        let handle = try current()
        let delivery = KafkaDelivery(count: messages.count, by: handle)
        await delivery.run {
            for message in messages { Self.produce(message, topic, to: handle, delivery) }
        }
        if let error = delivery.error {
            if delivery.needsNewProducer || handle.fatalError != nil { try replace(handle, error) }
            throw error
        }
        handle.events.worked()
        return delivery.places.map { IntakeOrigin(log: topic, part: $0, position: $1) }
    }

    /// Waits briefly for messages in flight, and closes the client. Call it once.
    func close() async {
        let handle = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        guard let handle else { return }
        // A thread may block here; a Swift task must not.
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                rd_kafka_flush(handle.client, Self.lastFlush)
                // Callers still waiting get an error: outcome unknown.
                rd_kafka_purge(handle.client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
                rd_kafka_flush(handle.client, Self.lastFlush)
                continuation.resume()
            }
        }
    }

    private func current() throws(IntakeError) -> KafkaHandle {
        guard let handle = handle.withLock({ $0 }) else {
            throw IntakeError(.closed, "the connection to Kafka is closed")
        }
        return handle
    }

    /// Replaces a client that has become unusable.
    private func replace(_ old: KafkaHandle, _ error: IntakeError) throws(IntakeError) {
        // Of several callers that fail at the same time, one is enough.
        guard handle.withLock({ $0 === old }) else { return }
        let new = try Self.handle(configuration, logger)
        let isFirst = handle.withLock { handle in
            guard handle === old else { return false }
            handle = new
            return true
        }
        if isFirst {
            logger.warning("Replaced the Kafka producer", metadata: ["error": "\(error.message)"])
        }
    }

    private static func handle(
        _ configuration: KafkaConfiguration, _ logger: Logger
    ) throws(IntakeError) -> KafkaHandle {
        let properties = [
            "acks": "all",
            "enable.idempotence": "true",
            "message.timeout.ms": String(configuration.deliveryTimeout.wholeMilliseconds),
            // The next batch gathers while one is in flight, so a longer delay would only add latency.
            "linger.ms": "0.5",
        ]
        let handle = try KafkaHandle(
            RD_KAFKA_PRODUCER, configuration, properties, events: KafkaEvents(logger: logger)
        ) { conf in
            rd_kafka_conf_set_dr_msg_cb(conf) { _, message, _ in
                guard let message, let opaque = message.pointee._private else { return }
                let ticket = Unmanaged<KafkaTicket>.fromOpaque(opaque).takeRetainedValue()
                ticket.delivery.end(message.pointee)
            }
            // A configured partitioner is meant for all messages.
            if configuration.properties["partitioner"] == nil { KafkaPartitioner.install(in: conf) }
        }
        poll(handle)
        return handle
    }

    /// Serves the client's callbacks on a thread of its own, until nothing else holds the client and nothing is
    /// in flight.
    private static func poll(_ handle: KafkaHandle) {
        Thread.detachNewThread { [weak handle] in
            while let handle { rd_kafka_poll(handle.client, 100) }
        }
    }

    private static func produce(
        _ message: KafkaMessage, _ topic: String, to handle: KafkaHandle, _ delivery: KafkaDelivery
    ) {
        let headers = rd_kafka_headers_new(message.headers.count)
        for header in message.headers {
            rd_kafka_header_add(headers, header.name, -1, header.value, -1)
        }
        let opaque = Unmanaged.passRetained(KafkaTicket(delivery, keepsOrder: message.keepsOrder))
        let code = message.key.withBytes { key, keySize in
            message.value.withBytes { value, valueSize in
                xqueue_kafka_produce(
                    handle.client, topic, key, keySize, value, valueSize, headers, opaque.toOpaque())
            }
        }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        rd_kafka_headers_destroy(headers)
        opaque.release()
        delivery.end(code)
    }
}

extension [UInt8]? {
    /// The bytes; the pointer is null only for nil, not for an empty array.
    fileprivate func withBytes<Value>(_ body: (UnsafeRawPointer?, Int) -> Value) -> Value {
        guard let self else { return body(nil, 0) }
        return self.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { return body(start, bytes.count) }
            return withUnsafeBytes(of: 0) { body($0.baseAddress, 0) }
        }
    }
}

#endif
