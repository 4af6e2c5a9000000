import Synchronization
import XQueueCore

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
