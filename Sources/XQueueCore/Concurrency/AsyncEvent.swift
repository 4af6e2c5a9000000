import Synchronization

/// Wakes a loop that waits for work: an event that resets itself.
///
/// A signal lets one waiter go on, or the next one that comes; signals that nobody has waited for count as one. So whoever
/// is woken looks what there is to do, does all of it, and waits again:
///
/// ```swift
/// while await arrival.wait() { handle(takeAll()) }
/// ```
package final class AsyncEvent: Leavable {
    private struct State {
        var isSignaled = false
        var waiters = WaiterQueue()
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes the one who has waited longest, or lets the next wait return at once.
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
    /// - Returns: True for a signal, which is used up; false if the Swift task is canceled.
    @discardableResult
    package func wait() async -> Bool {
        await wait(for: ())
    }

    /// Waits for a signal, but not beyond `deadline`.
    ///
    /// - Parameters:
    ///   - deadline: When to stop waiting.
    ///   - clock: Whose time that is.
    /// - Returns: True for a signal, which is used up; false if there was none in time, or the Swift task is canceled.
    @discardableResult
    package func wait(until deadline: MonotonicInstant, clock: any QueueClock) async -> Bool {
        await wait(for: ()) { try await clock.sleep(until: deadline) }
    }

    /// Waits for a signal, but not longer than `limit` of real time: for what no clock of a test should hold up.
    ///
    /// - Parameter limit: The longest wait.
    /// - Returns: True for a signal, which is used up; false if there was none in time, or the Swift task is canceled.
    @discardableResult
    package func wait(atMost limit: Duration) async -> Bool {
        await wait(for: ()) { try await Task.sleep(for: limit) }
    }

    /// How many wait now.
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
