#if Kafka

import XQueueCore

/// A message for any topic.
struct KafkaMessage: Sendable {
    var key: [UInt8]?
    /// Nil for a tombstone: a compacted topic forgets the key.
    var value: [UInt8]?
    var headers: [IntakeHeader] = []
}

extension KafkaMessage {
    init(_ message: IntakeMessage) {
        self.init(key: Array(message.key.utf8), value: Array(message.value.utf8), headers: message.headers)
    }

    /// A record as it is put aside: what it was, why it cannot be used, and where it stood.
    init(_ rejected: RejectedRecord) {
        let origin = rejected.record.origin
        self.init(
            key: rejected.record.key, value: rejected.record.value,
            headers: [
                IntakeHeader("reason", rejected.reason),
                IntakeHeader("topic", origin.topic),
                IntakeHeader("partition", "\(origin.partition)"),
                IntakeHeader("offset", "\(origin.offset)"),
                IntakeHeader("timestamp", rejected.record.timestamp.rfc3339),
            ])
    }
}

#endif
