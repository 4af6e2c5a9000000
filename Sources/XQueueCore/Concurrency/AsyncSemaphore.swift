import Synchronization

/// Lets a limited number of callers in at once; the others wait, first come, first served.
package final class AsyncSemaphore: Waitable {
    private struct State {
        var free: Int
        var waiters = WaiterQueue()
    }

    private let state: Mutex<State>

    /// - Parameter permits: Number of permits, at least 1.
    package init(_ permits: Int) {
        state = Mutex(State(free: permits))
    }

    /// Takes a permit, waiting for it even if the Swift task is canceled. The caller returns it with
    /// ``signal()``.
    package func wait() async {
        await waitIgnoringCancellation(for: ())
    }

    /// Returns a permit; the waiter that has waited longest gets it.
    package func signal() {
        let next = state.withLock { state in
            let next = state.waiters.popFirst()
            if next == nil { state.free += 1 }
            return next
        }
        next?.wake()
    }

    /// Runs `body` with a permit, waiting for it even if the Swift task is canceled.
    ///
    /// - Parameter body: The work to limit.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    package func withPermit<Value, Failure>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await wait()
        defer { signal() }
        return try await body()
    }

    /// Number of current waiters.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    func admit(_ waiter: Waiter, _: Void) -> Bool? {
        state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return true
            }
            state.waiters.append(waiter)
            return nil
        }
    }
}
