import Synchronization
import XQueueCore

/// Wakes the one loop that waits for it. Rings that come while nobody waits are kept as one.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Returns when the bell has rung since the last wait, or the Swift task is canceled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isRung = state.withLock { state in
                    guard !state.isRung, !Task.isCancelled else {
                        state.isRung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isRung { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
    }

    /// The same, but no longer than `limit` of real time: for what no clock of a test should hold up.
    func wait(atMost limit: Duration) async {
        // Ended by this function: it is canceled as soon as the bell has rung.
        let timer = Task {
            try await Task.sleep(for: limit)
            ring()
        }
        await wait()
        timer.cancel()
    }

    /// The same, but no longer than until `deadline`.
    func wait(until deadline: MonotonicInstant, clock: any QueueClock) async {
        // Ended by this function: it is canceled as soon as the bell has rung.
        let timer = Task {
            try await clock.sleep(until: deadline)
            ring()
        }
        await wait()
        timer.cancel()
    }
}
