import Synchronization
import XQueueCore

/// The attempts whose leases this process holds: those that run, and those whose end is not stored yet.
final class AttemptTable: Sendable {
    private let attempts = Mutex<[TaskID: Attempt]>([:])

    func insert(_ attempt: Attempt) {
        attempts.withLock { $0[attempt.id.taskID] = attempt }
    }

    /// Forgets the attempt, unless a later one of the same task has taken its place.
    func remove(_ id: AttemptID) {
        attempts.withLock { attempts in
            if attempts[id.taskID]?.id == id { attempts[id.taskID] = nil }
        }
    }

    func attempt(of task: TaskID) -> Attempt? {
        attempts.withLock { $0[task] }
    }

    var all: [Attempt] { attempts.withLock { Array($0.values) } }
}
