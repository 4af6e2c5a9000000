import Synchronization
public import XQueueCore

/// Lets callers in until a store is closed, and lets the closing wait for those that are in.
public final class CallGate: Sendable {
    private struct State {
        var callers = 0
        var isClosed = false
        var closing: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// An open gate with nobody in.
    public init() {}

    /// Lets a caller in, who has to ``leave()``.
    ///
    /// - Throws: `StoreError` of code `closed` once the gate is closed.
    public func enter() throws(StoreError) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.callers += 1 }
            return state.isClosed
        }
        if isClosed { throw StoreError(.closed, "the store has been closed") }
    }

    /// Ends what one ``enter()`` began.
    public func leave() {
        let closing = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.callers -= 1
            guard state.callers == 0 else { return nil }
            defer { state.closing = nil }
            return state.closing
        }
        closing?.resume()
    }

    /// Lets nobody in any more, and returns when everybody is out. To be called once.
    public func close() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isClosed = true
                if state.callers > 0 { state.closing = continuation }
                return state.callers == 0
            }
            if isEmpty { continuation.resume() }
        }
    }
}
