#if Kafka

import CRdKafka
import Synchronization
import XQueueCore

/// Waits until the cluster has accepted or rejected every message of one call.
final class KafkaDelivery: Sendable {
    private struct State {
        /// Messages in flight, plus one until all have been sent.
        var open: Int
        var failed = 0
        var code = RD_KAFKA_RESP_ERR_NO_ERROR
        var places: [(Int32, Int64)] = []
    }

    /// Keeps the producer alive until every message has an outcome.
    private let producer: KafkaHandle
    private let count: Int
    private let state: Mutex<State>
    /// Fulfilled once every message has an outcome.
    private let ended = AsyncPromise<Void>()

    init(count: Int, by producer: KafkaHandle) {
        self.producer = producer
        self.count = count
        state = Mutex(State(open: count + 1))
    }

    /// Calls `send`, and returns once every message has an outcome.
    func run(_ send: () -> Void) async {
        send()
        end(RD_KAFKA_RESP_ERR_NO_ERROR)
        await ended.value
    }

    /// Records a message's outcome as reported by the cluster.
    func end(_ message: rd_kafka_message_t) {
        end(message.err, at: message.offset >= 0 ? (message.partition, message.offset) : nil)
    }

    /// Records a message's outcome.
    func end(_ code: rd_kafka_resp_err_t, at place: (Int32, Int64)? = nil) {
        let isLast = state.withLock { state in
            state.open -= 1
            if let place { state.places.append(place) }
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                state.failed += 1
                // A permanent rejection says more than a timeout beside it.
                if state.code == RD_KAFKA_RESP_ERR_NO_ERROR || Self.isRejection(code) { state.code = code }
            }
            return state.open == 0
        }
        if isLast { ended.fulfill() }
    }

    /// Partition and offset of each message, as far as reported.
    var places: [(Int32, Int64)] { state.withLock { $0.places } }

    /// Why not all messages were accepted; nil if they were.
    var error: IntakeError? {
        let (failed, code) = state.withLock { ($0.failed, $0.code) }
        guard failed > 0 else { return nil }
        let reason = KafkaCode.text(code)
        if Self.isRejection(code) { return IntakeError(.rejected, "Kafka rejected the message: \(reason)") }
        let some = count > 1 ? "\(failed) of \(count) messages" : "the message"
        return IntakeError(
            .unavailable, "Kafka has not acknowledged \(some); outcome unknown: \(reason)")
    }

    /// Whether the producer must be replaced: the cluster no longer knows it, or takes it for an older one. A
    /// cluster that lost its data may not even say so, and leave the producer retrying until it times out.
    var needsNewProducer: Bool {
        switch state.withLock({ $0.code }) {
        case RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
            RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
            true
        default: false
        }
    }

    private static func isRejection(_ code: rd_kafka_resp_err_t) -> Bool {
        code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE
            || code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE
    }
}

/// Passed to librdkafka with each message, and returned with the message's outcome.
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
