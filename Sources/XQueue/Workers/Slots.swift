import Synchronization
import XQueueCore

/// Counts the running handlers against the maximum.
final class Slots: Sendable {
    private struct State {
        var active = 0
        var stuck = 0
    }

    private let total: Int
    private let state = Mutex(State())

    init(total: Int) {
        self.total = total
    }

    var load: WorkerLoad {
        state.withLock { WorkerLoad(total: total, active: $0.active, stuck: $0.stuck) }
    }

    var free: Int { state.withLock { total - $0.active } }

    /// Number of running handlers that are not stuck.
    var running: Int { state.withLock { $0.active - $0.stuck } }

    func take(_ count: Int) {
        state.withLock { $0.active += count }
    }

    /// Frees the slot of a handler that has returned; `wasStuck` if it had been marked stuck.
    func free(wasStuck: Bool) {
        state.withLock { state in
            state.active -= 1
            if wasStuck { state.stuck -= 1 }
        }
    }

    /// Marks one handler as stuck: its task has been taken from it.
    func markStuck() {
        state.withLock { $0.stuck += 1 }
    }
}
