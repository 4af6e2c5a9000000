#if Kafka

import CRdKafka
import Dispatch
import XQueueCore

/// A message for any topic.
struct KafkaMessage: Sendable {
    var key: [UInt8]?
    /// True if messages with the same key must keep their order.
    var keepsOrder = true
    /// Nil for a tombstone: a compacted topic drops the key.
    var value: [UInt8]?
    var headers: [IntakeHeader] = []
}

extension KafkaMessage {
    init(_ message: IntakeMessage) {
        self.init(
            key: Array(message.key.utf8), keepsOrder: message.keepsOrder, value: Array(message.value.utf8),
            headers: message.headers)
    }

    /// A rejected record: its content, why it cannot be used, and its position.
    ///
    /// - Parameter withoutValue: Whether to include only the value's size, and leave out the record's own key
    ///   and headers.
    init(_ rejected: RejectedRecord, withoutValue: Bool = false) {
        let (record, origin) = (rejected.record, rejected.record.origin)
        self.init(
            key: withoutValue ? nil : record.key, value: withoutValue ? [] : record.value,
            headers: (withoutValue
                ? [IntakeHeader("omitted_bytes", "\(record.value.count)")] : record.headers) + [
                    IntakeHeader("reason", rejected.reason),
                    IntakeHeader("topic", origin.log),
                    IntakeHeader("partition", "\(origin.part)"),
                    IntakeHeader("offset", "\(origin.position)"),
                    IntakeHeader("timestamp", record.timestamp.rfc3339),
                ])
    }
}

/// Chooses the partition of a message.
///
/// Messages that must keep their order go where their key says, as with Java producers. All others go to one
/// partition for a while, and then to the next: a batch holds messages of one partition, so spreading them over
/// all would make many small batches. Kafka's own producers do the same for messages without a key, counting
/// bytes instead of time (KIP-794).
enum KafkaPartitioner {
    /// How long messages go to the same partition, in nanoseconds.
    private static let turn: UInt64 = 10_000_000
    /// Random, so that nodes start at different partitions.
    private static let first = UInt64.random(in: 0...UInt64(UInt32.max))

    /// - Parameter conf: Must have a topic property set, such as `acks`.
    static func install(in conf: OpaquePointer) {
        guard let topic = rd_kafka_conf_get_default_topic_conf(conf) else {
            preconditionFailure("no topic property has been set")
        }
        rd_kafka_topic_conf_set_partitioner_cb(topic) { topic, key, keySize, count, opaque, ticket in
            guard let ticket, let topic, count > 0, !KafkaTicket.at(ticket).keepsOrder else {
                return rd_kafka_msg_partitioner_murmur2_random(topic, key, keySize, count, opaque, ticket)
            }
            let partition = KafkaPartitioner.partition(of: Int(count)) {
                rd_kafka_topic_partition_available(topic, Int32($0)) != 0
            }
            return Int32(partition)
        }
    }

    /// The partition whose turn it is; if it has no leader, the next one that does.
    static func partition(
        of count: Int, at time: UInt64 = DispatchTime.now().uptimeNanoseconds, isAvailable: (Int) -> Bool
    ) -> Int {
        let start = Int((time / turn + first) % UInt64(count))
        for step in 0..<count {
            let partition = (start + step) % count
            if isAvailable(partition) { return partition }
        }
        return start
    }
}

#endif
