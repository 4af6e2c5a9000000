import Synchronization
import XQueueCore

/// Remembers that the store is unreachable, so that not every submission waits for it in vain once the log has
/// the task. One submission tries it now and then; the feeder does, too.
final class StoreWatch: Sendable {
    /// How long an unreachable store is left alone.
    private static let pause = Duration.seconds(2)
    /// When it may be tried again; nil while it answers.
    private let pausedUntil = Mutex<MonotonicInstant?>(nil)

    /// Whether a submission may ask the store now.
    func mayAsk(at now: MonotonicInstant) -> Bool {
        pausedUntil.withLock { until in
            guard let end = until else { return true }
            guard now >= end else { return false }
            until = now + Self.pause
            return true
        }
    }

    func worked() {
        pausedUntil.withLock { $0 = nil }
    }

    /// A store that is merely full still answers, and quickly.
    func failed(_ error: StoreError, at now: MonotonicInstant) {
        guard error.code != .backlogFull, error.code != .tooManyTypes else { return worked() }
        pausedUntil.withLock { $0 = now + Self.pause }
    }
}

/// Remembers which tasks the log in front of the store did not acknowledge.
///
/// A task with a unique key is stored before it is logged. While the log is known to fail, no more of them are
/// stored; and those that were are appended again before they are returned for another submission.
final class LogWatch: Sendable {
    private struct State {
        /// Whether the last append failed.
        var isFailing = false
        var missing: Set<TaskID> = []
    }

    /// Maximum number of missing tasks remembered, at a little over 16 bytes each.
    private static let maxMissing = 100_000
    private let state = Mutex(State())

    /// Why the log accepts nothing now, if its last append failed and it still reports a problem; nil if it is worth
    /// a try.
    func problem(of intake: any TaskIntake) async -> String? {
        guard state.withLock({ $0.isFailing }) else { return nil }
        return await intake.status().problem
    }

    /// Whether this node has stored the task but could not append it.
    func isMissing(_ id: TaskID) -> Bool {
        state.withLock { $0.missing.contains(id) }
    }

    /// The log has these tasks.
    func appended(_ tasks: [NewTask]) {
        state.withLock { state in
            state.isFailing = false
            guard !state.missing.isEmpty else { return }
            for task in tasks { state.missing.remove(task.id) }
        }
    }

    /// The log may or may not have these tasks, and the store has those with a unique key.
    func failed(_ tasks: [NewTask]) {
        state.withLock { state in
            state.isFailing = true
            for task in tasks where task.uniqueKey != nil && state.missing.count < Self.maxMissing {
                state.missing.insert(task.id)
            }
        }
    }
}
