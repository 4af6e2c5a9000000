#if MQTT

import Synchronization
import XQueueCore

/// What callers and the client's thread tell each other.
///
/// The thread is woken once for a whole batch; between that and the batch's end neither waits for the other.
final class ClientMailbox: Sendable {
    /// What the thread is to do.
    struct Orders {
        /// A batch it has not seen before.
        var delivery: Delivery?
        /// Take leave of the broker, and end.
        var isClosing: Bool
        /// End at once.
        var isAborting: Bool
    }

    private typealias Outcome = AsyncPromise<Result<Void, any Error>>

    private struct State {
        var presenceRefusal: String?
        var end: MQTTError?
        var delivery: Delivery?
        /// What became of the batch that is under way.
        var delivered: Outcome?
        var isClosing = false
        var isAborting = false
    }

    let pipe: WakePipe
    private let state = Mutex(State())
    /// What became of the connection.
    private let opening = Outcome()
    /// Kept when the thread has ended.
    private let ended = AsyncPromise<Void>()

    init() throws(MQTTError) {
        pipe = try WakePipe()
    }

    // MARK: - The callers' side

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
                throw MQTTError(.closed, "the connection to the broker is not free")
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

    /// Why the broker does not let this client speak of its presence, if so. To be asked once it is open.
    var presenceRefusal: String? { state.withLock { $0.presenceRefusal } }

    /// Why the thread has ended; nil while it has not.
    var end: MQTTError? { state.withLock { $0.end } }

    /// Returns once the thread has taken leave of the broker, or could not.
    func close() async {
        let isOver = state.withLock { state in
            state.isClosing = true
            return state.end != nil
        }
        if !isOver { pipe.wake() }
        await ended.value
    }

    /// Ends the thread without waiting for it, which may take its time to look up a name.
    func abort() {
        let delivered = state.withLock { state in
            state.isAborting = true
            return state.delivered.take()
        }
        opening.fulfill(.failure(CancellationError()))
        delivered?.fulfill(.failure(CancellationError()))
        pipe.wake()
    }

    // MARK: - The thread's side

    func orders() -> Orders {
        state.withLock { state in
            defer { state.delivery = nil }
            return Orders(
                delivery: state.delivery, isClosing: state.isClosing, isAborting: state.isAborting)
        }
    }

    /// - Parameter presenceRefusal: Why the broker does not let this client speak of its presence, if so.
    func didOpen(presenceRefusal: String?) {
        state.withLock { $0.presenceRefusal = presenceRefusal }
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
