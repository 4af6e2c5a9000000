import Synchronization
import XQueueCore

/// Remembers that the store does not answer, so that not every submission waits for it in vain when the log
/// in front of it has the task already. One asks now and then; the feeder does, too.
final class StoreWatch: Sendable {
    /// How long a store that did not answer is left alone.
    private static let pause = Duration.seconds(2)
    /// When it may be asked again; nil while it answers.
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

    /// A store that is only full answers, and quickly.
    func failed(_ error: StoreError, at now: MonotonicInstant) {
        guard error.code != .backlogFull, error.code != .tooManyTypes else { return worked() }
        pausedUntil.withLock { $0 = now + Self.pause }
    }
}

/// Remembers what the log in front of the store did not acknowledge.
///
/// A task with a unique key is in the store before it is in the log. While the log is known to take nothing, no
/// more of them are put into the store; and those that got there in vain are appended again before anybody is
/// told that they answer for another submission.
final class LogWatch: Sendable {
    private struct State {
        /// Whether the last append failed.
        var isFailing = false
        var missing: Set<TaskID> = []
    }

    /// How many missing tasks are remembered: 16 bytes each, and a little more.
    private static let mostMissing = 100_000
    private let state = Mutex(State())

    /// Why the log takes nothing now, if its last append failed and it says so still; nil if it is worth a try.
    func problem(of intake: any TaskIntake) async -> String? {
        guard state.withLock({ $0.isFailing }) else { return nil }
        return await intake.status().problem
    }

    /// Whether this node has put the task into the store and could not append it.
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
            for task in tasks where task.uniqueKey != nil && state.missing.count < Self.mostMissing {
                state.missing.insert(task.id)
            }
        }
    }
}
