import Synchronization

/// A number that only rises and that any number of callers can wait for: an event count.
///
/// To watch for something that may come at any moment, read ``value`` first, then check, then wait past the
/// value read: nothing that comes between the check and the wait goes unnoticed.
package final class AsyncCounter: CancelableWaitable {
    private struct State {
        var value = 0
        var isClosed = false
        /// The waiters, each with the number that must be passed.
        var waiting: [(seen: Int, waiter: Waiter)] = []

        mutating func takeWoken() -> [Waiter] {
            guard !waiting.isEmpty else { return [] }
            let woken = waiting.filter { isClosed || $0.seen < value }
            if !woken.isEmpty { waiting.removeAll { isClosed || $0.seen < value } }
            return woken.map(\.waiter)
        }
    }

    private let state = Mutex(State())

    package init() {}

    package var value: Int { state.withLock { $0.value } }

    /// Raises the number by one.
    package func advance() {
        change { $0.value += 1 }
    }

    /// Raises the number to `value`; a smaller one changes nothing.
    package func advance(to value: Int) {
        change { $0.value = max($0.value, value) }
    }

    /// Releases all waiters; later waits return immediately.
    package func close() {
        change { $0.isClosed = true }
    }

    /// Waits until the number is larger than `seen`.
    ///
    /// - Parameter seen: The number that must be passed.
    /// - Returns: False if the Swift task is canceled first; true otherwise, including when the counter is
    ///   closed.
    @discardableResult
    package func wait(past seen: Int) async -> Bool {
        await wait(for: seen)
    }

    /// Waits until the number is larger than `seen`or until `deadline`.
    ///
    /// - Parameters:
    ///   - seen: The number that must be passed.
    ///   - deadline: When to stop waiting.
    ///   - clock: The clock that `deadline` refers to.
    /// - Returns: False if it timed out, or the Swift task was canceled, first.
    @discardableResult
    package func wait(
        past seen: Int, until deadline: MonotonicInstant, clock: any QueueClock
    ) async -> Bool {
        await wait(for: seen) { try await clock.sleep(until: deadline) }
    }

    /// Waits until the number is larger than `seen`or `limit` of real time has passed.
    ///
    /// - Parameters:
    ///   - seen: The number that must be passed.
    ///   - limit: Maximum wait.
    /// - Returns: False if it timed out, or the Swift task was canceled, first.
    @discardableResult
    package func wait(past seen: Int, atMost limit: Duration) async -> Bool {
        await wait(for: seen) { try await Task.sleep(for: limit) }
    }

    private func change(_ body: (inout State) -> Void) {
        let woken = state.withLock { state in
            body(&state)
            return state.takeWoken()
        }
        for waiter in woken { waiter.wake() }
    }

    /// Number of current waiters.
    var waiterCount: Int { state.withLock { $0.waiting.count } }

    func admit(_ waiter: Waiter, _ seen: Int) -> Bool? {
        state.withLock { state in
            if state.isClosed || state.value > seen { return true }
            if Task.isCancelled { return false }
            state.waiting.append((seen, waiter))
            return nil
        }
    }

    func remove(_ id: Int) -> Waiter? {
        state.withLock { state in
            state.waiting.firstIndex { $0.waiter.id == id }.map { state.waiting.remove(at: $0).waiter }
        }
    }
}
