import Logging
import XQueueCore

extension WorkerPool {
    /// Somebody wants the task to stop; it may run elsewhere, or nowhere any more.
    func cancelRequested(_ id: TaskID) {
        guard let attempt = table.attempt(of: id) else { return }
        stop(attempt, .canceled, giveUpAt: clock.instant() + configuration.gracePeriod)
    }

    /// Asks the handler to stop, and gives it up at `giveUpAt`.
    func stop(_ attempt: Attempt, _ reason: StopReason, giveUpAt: MonotonicInstant) {
        attempt.stop(reason, giveUpAt: giveUpAt)
        deadlines.watch(attempt)
    }

    /// Does what time demands of an attempt.
    func handle(_ attempt: Attempt, _ action: Attempt.DueAction) {
        switch action {
        case .timeOut: stop(attempt, .timedOut, giveUpAt: clock.instant() + configuration.gracePeriod)
        case .loseLease(let late): loseLease(attempt, late: late)
        case .giveUp: giveUp(attempt)
        }
    }

    /// Goes on without the handler: ends the attempt in its place, and leaves it nothing but its slot.
    func giveUp(_ attempt: Attempt) {
        let reason = attempt.stopReason
        guard attempt.end() else { return }
        slots.markStuck()
        logger.warning(
            "A handler did not stop; its task goes on without it",
            metadata: [
                "task.id": "\(attempt.id.taskID)", "task.type": "\(attempt.record.type)",
                "attempt": "\(attempt.record.attempt)",
            ])
        switch reason {
        case .timedOut:
            let failure = AttemptFailure.processTimeout(attempt.record.processTimeout ?? .zero)
            settle(attempt, .failure(failure, draw: random.draw()))
        case .canceled:
            let failure = AttemptFailure("the handler did not stop within its grace period")
            settle(attempt, .failure(failure, draw: 0))
        case .shutdown:
            settle(attempt, .release)
        case .leaseLost, nil:
            table.remove(attempt.id)
        }
    }
}
