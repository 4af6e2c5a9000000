#if MQTT

import Synchronization

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

    private struct State {
        var isOpen = false
        var presenceRefusal: String?
        var end: MQTTError?
        var opening: CheckedContinuation<Void, any Error>?
        var delivery: Delivery?
        var delivering: CheckedContinuation<Void, any Error>?
        var isClosing = false
        var isAborting = false
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    let pipe: WakePipe
    private let state = Mutex(State())

    init() throws(MQTTError) {
        pipe = try WakePipe()
    }

    // MARK: - The callers' side

    /// Returns once the broker has accepted the connection.
    func opened() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    if let end = state.end { return .failure(end) }
                    if state.isAborting { return .failure(CancellationError()) }
                    if state.isOpen { return .success(()) }
                    state.opening = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            abort()
        }
    }

    /// Returns once everything in the batch is acknowledged. One call at a time.
    func deliver(_ delivery: Delivery) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let failure = state.withLock { state -> (any Error)? in
                    if let end = state.end { return end }
                    if state.isAborting { return CancellationError() }
                    if state.isClosing || state.delivering != nil {
                        return MQTTError(.closed, "the connection to the broker is not free")
                    }
                    state.delivery = delivery
                    state.delivering = continuation
                    return nil
                }
                if let failure { continuation.resume(throwing: failure) } else { pipe.wake() }
            }
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
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.isClosing = true
                if state.end == nil { state.closing.append(continuation) }
                return state.end != nil
            }
            if isOver { continuation.resume() } else { pipe.wake() }
        }
    }

    /// Ends the thread without waiting for it, which may take its time to look up a name.
    func abort() {
        let waiting = state.withLock { state in
            state.isAborting = true
            defer { (state.opening, state.delivering) = (nil, nil) }
            return [state.opening, state.delivering]
        }
        for continuation in waiting { continuation?.resume(throwing: CancellationError()) }
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
        let opening = state.withLock { state in
            state.isOpen = true
            state.presenceRefusal = presenceRefusal
            defer { state.opening = nil }
            return state.opening
        }
        opening?.resume()
    }

    func didDeliver() {
        let delivering = state.withLock { state in
            defer { state.delivering = nil }
            return state.delivering
        }
        delivering?.resume()
    }

    func didEnd(_ reason: MQTTError) {
        let (throwing, closing) = state.withLock { state in
            state.end = reason
            state.delivery = nil
            defer { (state.opening, state.delivering, state.closing) = (nil, nil, []) }
            return ([state.opening, state.delivering], state.closing)
        }
        for continuation in throwing { continuation?.resume(throwing: reason) }
        for continuation in closing { continuation.resume() }
    }
}

#endif
