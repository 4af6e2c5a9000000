import Synchronization

/// Lets callers in until a store is closed, and lets the closing wait for those that are in.
package final class CallGate: Sendable {
    private struct State {
        var callers = 0
        var isClosed = false
        var closing: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// - Throws: ``StoreError/Code/closed`` once the gate is closed.
    package func enter() throws(StoreError) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.callers += 1 }
            return state.isClosed
        }
        if isClosed { throw StoreError(.closed, "the store has been closed") }
    }

    package func leave() {
        let closing = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.callers -= 1
            guard state.callers == 0 else { return nil }
            defer { state.closing = nil }
            return state.closing
        }
        closing?.resume()
    }

    /// Lets nobody in any more, and returns when everybody is out. To be called once.
    package func close() async {
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
