#if Kafka

/// What librdkafka is given with each message, and gives back when the message has an end.
final class KafkaTicket: Sendable {
    let delivery: KafkaDelivery
    let keepsOrder: Bool

    init(_ delivery: KafkaDelivery, keepsOrder: Bool) {
        self.delivery = delivery
        self.keepsOrder = keepsOrder
    }

    static func at(_ pointer: UnsafeMutableRawPointer) -> KafkaTicket {
        Unmanaged.fromOpaque(pointer).takeUnretainedValue()
    }
}

#endif
