import Synchronization

/// A value that comes once, and that any number of callers wait for.
package final class AsyncPromise<Value: Sendable>: Leavable {
    /// Whether a waiter stays though its Swift task is canceled.
    enum Goal: Sendable {
        case value, valueUnlessCanceled
    }

    private struct State {
        var value: Value?
        var waiters = WaiterQueue()
    }

    private let state = Mutex(State())

    package init() {}

    /// Gives the value to all who wait, and to all who come.
    ///
    /// - Parameter value: Counts if it is the first.
    /// - Returns: Whether it is.
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

    /// The value, if it has come.
    package var current: Value? { state.withLock { $0.value } }

    /// Waits for the value.
    ///
    /// - Returns: Nil if the Swift task is canceled first.
    package func wait() async -> Value? {
        _ = await wait(for: .valueUnlessCanceled)
        return current
    }

    /// The value, for which this waits, whether or not the Swift task is canceled.
    package var value: Value {
        get async {
            while true {
                await waitRegardless(for: .value)
                if let value = current { return value }
            }
        }
    }

    /// How many wait now.
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
    /// Lets all who wait, and all who come, go on.
    @discardableResult
    package func fulfill() -> Bool { fulfill(()) }
}
