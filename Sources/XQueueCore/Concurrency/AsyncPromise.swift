import Synchronization

/// A value that is set once, and that any number of callers wait for.
package final class AsyncPromise<Value: Sendable>: CancelableWaitable {
    /// Whether a waiter keeps waiting after its Swift task is canceled.
    enum Goal: Sendable {
        case value, valueUnlessCanceled
    }

    private struct State {
        var value: Value?
        var waiters = WaiterQueue()
    }

    private let state = Mutex(State())

    package init() {}

    /// Sets the value, for all current and later waiters.
    ///
    /// - Parameter value: Ignored unless it is the first.
    /// - Returns: Whether it is the first.
    @discardableResult
    package func fulfill(_ value: Value) -> Bool {
        let waiters = state.withLock { state -> [Waiter]? in
            guard state.value == nil else { return nil }
            state.value = value
            return state.waiters.removeAll()
        }
        for waiter in waiters ?? [] { waiter.wake() }
        return waiters != nil
    }

    /// The value, if it has been set.
    package var current: Value? { state.withLock { $0.value } }

    /// Waits for the value.
    ///
    /// - Returns: Nil if the Swift task is canceled first.
    package func wait() async -> Value? {
        _ = await wait(for: .valueUnlessCanceled)
        return current
    }

    /// Waits for the value, at most `limit` of real time.
    ///
    /// - Returns: Nil if it timed out, or the Swift task was canceled, first.
    @discardableResult
    package func wait(atMost limit: Duration, clock: any QueueClock) async -> Value? {
        _ = await wait(for: .valueUnlessCanceled) { try await clock.sleepInRealTime(for: limit) }
        return current
    }

    /// The value; waits for it even if the Swift task is canceled.
    package var value: Value {
        get async {
            while true {
                await waitIgnoringCancellation(for: .value)
                if let value = current { return value }
            }
        }
    }

    /// Number of current waiters.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    func admit(_ waiter: Waiter, _ goal: Goal) -> Bool? {
        state.withLock { state in
            if state.value != nil { return true }
            if goal == .valueUnlessCanceled, Task.isCancelled { return false }
            state.waiters.append(waiter)
            return nil
        }
    }

    func remove(_ id: Int) -> Waiter? {
        state.withLock { $0.waiters.remove(id) }
    }
}

extension AsyncPromise where Value == Void {
    /// Releases all current and later waiters.
    @discardableResult
    package func fulfill() -> Bool { fulfill(()) }
}
