import Synchronization
public import XQueueCore

/// Lets callers in until a store is closed, and lets the closing wait for those that are in.
public final class CallGate: Sendable {
    private struct State {
        var callers = 0
        var isClosed = false

        var isEmptyForGood: Bool { isClosed && callers == 0 }
    }

    private let state = Mutex(State())
    /// Kept when the gate is closed and everybody is out.
    private let emptied = AsyncPromise<Void>()

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
        let isEmptyForGood = state.withLock { state in
            state.callers -= 1
            return state.isEmptyForGood
        }
        if isEmptyForGood { emptied.fulfill() }
    }

    /// Lets nobody in any more, and returns when everybody is out, whether or not the Swift task is canceled.
    public func close() async {
        let isEmptyForGood = state.withLock { state in
            state.isClosed = true
            return state.isEmptyForGood
        }
        if isEmptyForGood { emptied.fulfill() }
        await emptied.value
    }
}
