import Synchronization
import XQueueCore

/// Notices when running attempts reach their process timeout or the end of their grace period.
///
/// Keeps only the earliest time at which any can be due, and checks all attempts then: those that end early cost
/// nothing.
final class DeadlineKeeper: Sendable {
    private let table: AttemptTable
    private let clock: any QueueClock
    private let bell = AsyncEvent()
    private let earliest = Mutex<MonotonicInstant?>(nil)

    init(table: AttemptTable, clock: any QueueClock) {
        self.table = table
        self.clock = clock
    }

    /// Watches a new attempt, or one that was asked to stop.
    func watch(_ attempt: RunningAttempt) {
        let (action, next) = attempt.due(at: clock.instant())
        guard let time = action == nil ? next : clock.instant() else { return }
        let isEarlier = earliest.withLock { earliest in
            if let current = earliest, current <= time { return false }
            earliest = time
            return true
        }
        if isEarlier { bell.signal() }
    }

    /// Calls `onDue` for each attempt that is due, until the Swift task is canceled.
    func run(onDue: (RunningAttempt, RunningAttempt.DueAction) -> Void) async {
        while !Task.isCancelled {
            if let time = earliest.withLock({ $0 }), time > clock.instant() {
                await bell.wait(until: time, clock: clock)
            } else if earliest.withLock({ $0 }) == nil {
                await bell.wait()
            } else {
                earliest.withLock { $0 = nil }
                checkAll(onDue)
            }
        }
    }

    private func checkAll(_ onDue: (RunningAttempt, RunningAttempt.DueAction) -> Void) {
        for attempt in table.all {
            if let action = attempt.due(at: clock.instant()).action { onDue(attempt, action) }
            watch(attempt)
        }
    }
}
