import Synchronization

/// Lets a few do something at once; the others wait, first come, first served.
package final class AsyncSemaphore: Waitable {
    private struct State {
        var free: Int
        var waiters = WaiterQueue()
    }

    private let state: Mutex<State>

    /// - Parameter permits: How many may be in at once, from 1.
    package init(_ permits: Int) {
        state = Mutex(State(free: permits))
    }

    /// Takes a permit, which the caller gives back with ``signal()``; waits for it, whether or not the Swift task is canceled.
    package func wait() async {
        await waitRegardless(for: ())
    }

    /// Gives a permit back: the one who has waited longest has it now.
    package func signal() {
        let next = state.withLock { state in
            let next = state.waiters.popFirst()
            if next == nil { state.free += 1 }
            return next
        }
        next?.wake()
    }

    /// Runs `body` with a permit, for which it waits, whether or not the Swift task is canceled.
    ///
    /// - Parameter body: What only a few do at once.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    package func withPermit<Value, Failure>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await wait()
        defer { signal() }
        return try await body()
    }

    /// How many wait now.
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
