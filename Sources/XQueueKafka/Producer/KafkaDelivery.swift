#if Kafka

import CRdKafka
import Synchronization
import XQueueCore

/// Waits until the cluster has accepted, or refused, every message of one call.
final class KafkaDelivery: Sendable {
    private struct State {
        /// One more than are under way until all have been handed over.
        var open: Int
        var failed = 0
        var code = RD_KAFKA_RESP_ERR_NO_ERROR
        var places: [(Int32, Int64)] = []
    }

    /// Lives until every message has an end.
    private let producer: KafkaHandle
    private let count: Int
    private let state: Mutex<State>
    /// Kept when every message has an end.
    private let ended = AsyncPromise<Void>()

    init(count: Int, by producer: KafkaHandle) {
        self.producer = producer
        self.count = count
        state = Mutex(State(open: count + 1))
    }

    /// Calls `send`, and returns once every message has an end.
    func run(_ send: () -> Void) async {
        send()
        end(RD_KAFKA_RESP_ERR_NO_ERROR)
        await ended.value
    }

    /// A message has an end, as the cluster says.
    func end(_ message: rd_kafka_message_t) {
        end(message.err, at: message.offset >= 0 ? (message.partition, message.offset) : nil)
    }

    /// A message has an end.
    func end(_ code: rd_kafka_resp_err_t, at place: (Int32, Int64)? = nil) {
        let isLast = state.withLock { state in
            state.open -= 1
            if let place { state.places.append(place) }
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                state.failed += 1
                // A refusal for good says more than a time-out beside it.
                if state.code == RD_KAFKA_RESP_ERR_NO_ERROR || Self.isRefusal(code) { state.code = code }
            }
            return state.open == 0
        }
        if isLast { ended.fulfill() }
    }

    /// Partition and offset of each message, as far as the cluster has told.
    var places: [(Int32, Int64)] { state.withLock { $0.places } }

    /// Why not all were accepted; nil if they were.
    var error: IntakeError? {
        let (failed, code) = state.withLock { ($0.failed, $0.code) }
        guard failed > 0 else { return nil }
        let reason = KafkaCode.text(code)
        if Self.isRefusal(code) { return IntakeError(.refused, "Kafka refuses the message: \(reason)") }
        let some = count > 1 ? "\(failed) of \(count) messages" : "the message"
        return IntakeError(
            .unavailable, "Kafka has not acknowledged \(some), which may be accepted or not: \(reason)")
    }

    /// Whether another producer must be made: the cluster does not know this one any more, or takes it for an
    /// older one. A cluster that has lost what it had may not even say so, but leave the producer to try until
    /// its time is up.
    var needsNewProducer: Bool {
        switch state.withLock({ $0.code }) {
        case RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
            RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
            true
        default: false
        }
    }

    private static func isRefusal(_ code: rd_kafka_resp_err_t) -> Bool {
        code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE
            || code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE
    }
}

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
