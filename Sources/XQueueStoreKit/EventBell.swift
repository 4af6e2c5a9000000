import Synchronization
public import XQueueCore

/// Wakes those who wait for the next event of a store that only this process writes.
public final class EventBell: Sendable {
    private struct State {
        var rings = 0
        var isClosed = false
        var nextID = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// A bell that has not rung.
    public init() {}

    /// How often it rang. To be read before looking for events, so that none comes unnoticed between the
    /// look and the wait.
    public var rings: Int { state.withLock { $0.rings } }

    /// Wakes everybody who waits now.
    public func ring() {
        wake { $0.rings += 1 }
    }

    /// Wakes everybody for good.
    public func close() {
        wake { $0.isClosed = true }
    }

    /// Returns when it has rung more often than `rings`, at the deadline, when the Swift task is canceled, or when
    /// it is closed.
    ///
    /// - Parameters:
    ///   - rings: What ``rings`` was before the look.
    ///   - deadline: Until when to wait.
    ///   - clock: What the deadline is counted by.
    public func wait(past rings: Int, until deadline: MonotonicInstant, clock: any QueueClock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(past: rings) }
            group.addTask { try? await clock.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(past rings: Int) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || state.isClosed || state.rings > rings { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }
}
