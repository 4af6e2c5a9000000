#if MQTT

import Synchronization
import XQueueCore

/// A batch on its way to the broker, over as many connections as it takes. Used by each connection's thread in
/// turn, and by the sink.
final class Delivery: Sendable {
    let batch: MessageBatch
    private let state: Mutex<(plan: DeliveryPlan, rejections: SinkRejections)>

    init(_ batch: MessageBatch, suspectSize: Int?) {
        self.batch = batch
        state = Mutex(
            (DeliveryPlan(sizes: batch.messages.map(\.count), suspectSize: suspectSize), SinkRejections()))
    }

    var isComplete: Bool { state.withLock { $0.plan.isComplete } }
    /// Whether the broker has accepted anything on this connection.
    var hasSettled: Bool { state.withLock { $0.plan.hasSettled } }
    var suspectSize: Int? { state.withLock { $0.plan.suspectSize } }
    /// The messages set aside.
    var rejections: SinkRejections { state.withLock { $0.rejections } }

    func takeNext(most: Int) -> Int? {
        state.withLock { $0.plan.takeNext(most: most) }
    }

    func settled(_ index: Int) {
        state.withLock { $0.plan.settled(index) }
    }

    func rejected(_ index: Int, _ reason: String) {
        state.withLock { state in
            state.plan.rejected(index)
            state.rejections.add(rejection(index, reason))
        }
    }

    /// Records that a new connection has accepted this client's presence message.
    func tookAnother() {
        state.withLock { $0.plan.tookAnother() }
    }

    /// Records that the connection broke or timed out; see ``DeliveryPlan/noteBreak(isRejection:)``.
    func noteBreak(_ error: MQTTError) -> DeliveryPlan.Advice {
        state.withLock { state in
            let (advice, index) = state.plan.noteBreak(isRejection: error.kind == .rejected)
            if let index {
                let size = batch.messages[index].count
                state.rejections.add(
                    rejection(index, "the connection broke each time it was sent (\(size) bytes): \(error)"))
            }
            return advice
        }
    }

    private func rejection(_ index: Int, _ reason: String) -> SinkRejection {
        SinkRejection(topic: batch.topic(of: index), reason: reason)
    }
}

#endif
