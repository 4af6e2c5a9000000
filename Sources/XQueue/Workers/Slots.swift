import Synchronization
import XQueueCore

/// How many handlers run, of how many that may.
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

    /// How many handlers run whose tasks have not gone on without them.
    var running: Int { state.withLock { $0.active - $0.stuck } }

    func take(_ count: Int) {
        state.withLock { $0.active += count }
    }

    /// A handler returned; `wasStuck` if its task had gone on without it.
    func free(wasStuck: Bool) {
        state.withLock { state in
            state.active -= 1
            if wasStuck { state.stuck -= 1 }
        }
    }

    /// A handler's task goes on without it.
    func markStuck() {
        state.withLock { $0.stuck += 1 }
    }
}
