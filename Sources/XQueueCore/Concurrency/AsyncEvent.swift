import Synchronization

/// Wakes a loop that waits for work: an auto-reset event.
///
/// A signal releases one waiter, or the next one to come; unconsumed signals count as one. So a woken caller
/// must do all the work there is before it waits again:
///
/// ```swift
/// while await arrival.wait() { handle(takeAll()) }
/// ```
package final class AsyncEvent: CancelableWaitable {
    private struct State {
        var isSignaled = false
        var waiters = WaiterQueue()
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes the waiter that has waited longest, or lets the next wait return immediately.
    package func signal() {
        let waiter = state.withLock { state in
            let waiter = state.waiters.popFirst()
            state.isSignaled = waiter == nil
            return waiter
        }
        waiter?.wake()
    }

    /// Waits for a signal.
    ///
    /// - Returns: True for a signal, which is consumed; false if the Swift task is canceled.
    @discardableResult
    package func wait() async -> Bool {
        await wait(for: ())
    }

    /// Waits for a signalor until `deadline`.
    ///
    /// - Parameters:
    ///   - deadline: When to stop waiting.
    ///   - clock: The clock that `deadline` refers to.
    /// - Returns: True for a signal, which is consumed; false if it timed out or the Swift task was canceled.
    @discardableResult
    package func wait(until deadline: MonotonicInstant, clock: any QueueClock) async -> Bool {
        await wait(for: ()) { try await clock.sleep(until: deadline) }
    }

    /// Waits for a signal or until `limit` of real time has passed, for waits that must not depend on a test's
    /// clock.
    ///
    /// - Parameter limit: Maximum wait.
    /// - Returns: True for a signal, which is consumed; false if it timed out or the Swift task was canceled.
    @discardableResult
    package func wait(atMost limit: Duration) async -> Bool {
        await wait(for: ()) { try await Task.sleep(for: limit) }
    }

    /// Number of current waiters.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    func admit(_ waiter: Waiter, _: Void) -> Bool? {
        state.withLock { state in
            if Task.isCancelled { return false }
            if state.isSignaled {
                state.isSignaled = false
                return true
            }
            state.waiters.append(waiter)
            return nil
        }
    }

    func remove(_ id: Int) -> Waiter? {
        state.withLock { $0.waiters.remove(id) }
    }
}
