import Synchronization
public import XQueueCore

/// Admits callers until a store is closed, and lets `close()` wait for those that are inside.
public final class CallGate: Sendable {
    private struct State {
        var callers = 0
        var isClosed = false

        var isDrained: Bool { isClosed && callers == 0 }
    }

    private let state = Mutex(State())
    /// Fulfilled once the gate is closed and all callers have left.
    private let emptied = AsyncPromise<Void>()

    /// An open gate without callers.
    public init() {}

    /// Admits a caller, which must call ``leave()`` when done.
    ///
    /// - Throws: `StoreError` with code `closed` once the gate is closed.
    public func enter() throws(StoreError) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.callers += 1 }
            return state.isClosed
        }
        if isClosed { throw StoreError(.closed, "the store has been closed") }
    }

    /// Ends an ``enter()``.
    public func leave() {
        let isDrained = state.withLock { state in
            state.callers -= 1
            return state.isDrained
        }
        if isDrained { emptied.fulfill() }
    }

    /// Rejects further callers, and returns once all have left, even if the Swift task is canceled.
    public func close() async {
        let isDrained = state.withLock { state in
            state.isClosed = true
            return state.isDrained
        }
        if isDrained { emptied.fulfill() }
        await emptied.value
    }
}
