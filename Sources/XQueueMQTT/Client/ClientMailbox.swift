#if MQTT

import Synchronization
import XQueueCore

/// Communication between callers and the client's thread.
///
/// The thread is woken once for a whole batch; until the batch ends, neither side waits for the other.
final class ClientMailbox: Sendable {
    /// Orders for the thread.
    struct Orders {
        /// A batch it has not seen yet.
        var delivery: Delivery?
        /// Disconnect cleanly, and end.
        var isClosing: Bool
        /// End immediately.
        var isAborting: Bool
    }

    private typealias Outcome = AsyncPromise<Result<Void, any Error>>

    private struct State {
        var presenceRejection: String?
        var end: MQTTError?
        var delivery: Delivery?
        /// The outcome of the current batch.
        var delivered: Outcome?
        var isClosing = false
        var isAborting = false
    }

    let pipe: WakePipe
    private let state = Mutex(State())
    /// The outcome of connecting.
    private let opening = Outcome()
    /// Fulfilled when the thread has ended.
    private let ended = AsyncPromise<Void>()

    init() throws(MQTTError) {
        pipe = try WakePipe()
    }

    // MARK: - Callers' side

    /// Returns once the broker has accepted the connection.
    func opened() async throws {
        try await withTaskCancellationHandler {
            try await opening.value.get()
        } onCancel: {
            abort()
        }
        if let end { throw end }
    }

    /// Returns once everything in the batch is acknowledged. One call at a time.
    func deliver(_ delivery: Delivery) async throws {
        let delivered = try state.withLock { state throws -> Outcome in
            if let end = state.end { throw end }
            if state.isAborting { throw CancellationError() }
            if state.isClosing || state.delivered != nil {
                throw MQTTError(.closed, "the connection to the broker is busy or closing")
            }
            let delivered = Outcome()
            state.delivery = delivery
            state.delivered = delivered
            return delivered
        }
        pipe.wake()
        try await withTaskCancellationHandler {
            try await delivered.value.get()
        } onCancel: {
            abort()
        }
    }

    /// Why the broker rejected this client's presence message, if it did. Valid once the connection is open.
    var presenceRejection: String? { state.withLock { $0.presenceRejection } }

    /// The error that ended the thread; nil while it is running.
    var end: MQTTError? { state.withLock { $0.end } }

    /// Returns once the thread has disconnected from the broker, or failed to.
    func close() async {
        let hasEnded = state.withLock { state in
            state.isClosing = true
            return state.end != nil
        }
        if !hasEnded { pipe.wake() }
        await ended.value
    }

    /// Ends the thread without waiting for it.
    func abort() {
        let delivered = state.withLock { state in
            state.isAborting = true
            return state.delivered.take()
        }
        opening.fulfill(.failure(CancellationError()))
        delivered?.fulfill(.failure(CancellationError()))
        pipe.wake()
    }

    // MARK: - Thread's side

    func orders() -> Orders {
        state.withLock { state in
            defer { state.delivery = nil }
            return Orders(
                delivery: state.delivery, isClosing: state.isClosing, isAborting: state.isAborting)
        }
    }

    /// - Parameter presenceRejection: Why the broker rejected this client's presence message, if it did.
    func didOpen(presenceRejection: String?) {
        state.withLock { $0.presenceRejection = presenceRejection }
        opening.fulfill(.success(()))
    }

    func didDeliver() {
        state.withLock { $0.delivered.take() }?.fulfill(.success(()))
    }

    func didEnd(_ reason: MQTTError) {
        let delivered = state.withLock { state in
            state.end = reason
            state.delivery = nil
            return state.delivered.take()
        }
        opening.fulfill(.failure(reason))
        delivered?.fulfill(.failure(reason))
        ended.fulfill()
    }
}

#endif
