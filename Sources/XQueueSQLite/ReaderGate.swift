import Synchronization
import XQueueCore

/// Lets readers in until the store is closed, and lets the closing wait for those that are in.
final class ReaderGate: Sendable {
    private struct State {
        var readers = 0
        var isClosed = false
        var closing: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// - Throws: ``StoreError/Code/closed`` once the gate is closed.
    func enter() throws(StoreError) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.readers += 1 }
            return state.isClosed
        }
        if isClosed { throw StoreError(.closed, "the store has been closed") }
    }

    func leave() {
        let closing = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.readers -= 1
            guard state.readers == 0 else { return nil }
            defer { state.closing = nil }
            return state.closing
        }
        closing?.resume()
    }

    /// Lets nobody in any more, and returns when everybody is out. To be called once.
    func close() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isClosed = true
                if state.readers > 0 { state.closing = continuation }
                return state.readers == 0
            }
            if isEmpty { continuation.resume() }
        }
    }
}
