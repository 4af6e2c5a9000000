#if Kafka

import XQueueCore

/// A message for any topic.
struct KafkaMessage: Sendable {
    var key: [UInt8]?
    /// True if messages with the same key have to keep their order.
    var keepsOrder = true
    /// Nil for a tombstone: a compacted topic forgets the key.
    var value: [UInt8]?
    var headers: [IntakeHeader] = []
}

extension KafkaMessage {
    init(_ message: IntakeMessage) {
        self.init(
            key: Array(message.key.utf8), keepsOrder: message.keepsOrder, value: Array(message.value.utf8),
            headers: message.headers)
    }

    /// A record as it is put aside: what it was, why it cannot be used, and where it stood.
    ///
    /// - Parameter withoutValue: Says only how long the value was, and leaves its own headers out.
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

#endif
