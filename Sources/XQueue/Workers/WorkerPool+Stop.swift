import Logging
import XQueueCore

extension WorkerPool {
    /// Somebody wants the task to stop; it may run elsewhere, or nowhere any more.
    func cancelRequested(_ id: TaskID) {
        guard let attempt = table.attempt(of: id) else { return }
        stop(attempt, .canceled, giveUpAt: clock.now() + configuration.gracePeriod)
    }

    /// Asks the handler to stop, and gives it up at `giveUpAt`.
    func stop(_ attempt: Attempt, _ reason: StopReason, giveUpAt: Timestamp) {
        attempt.stop(reason, giveUpAt: giveUpAt)
        deadlines.watch(attempt)
    }

    /// Does what time demands of an attempt.
    func handle(_ attempt: Attempt, _ action: Attempt.DueAction) {
        switch action {
        case .timeOut: stop(attempt, .timedOut, giveUpAt: clock.now() + configuration.gracePeriod)
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

    /// Extends the leases of this process's attempts, and stops those that the store wants stopped.
    func confirmLeases() async {
        while (try? await clock.sleep(until: clock.now() + configuration.leaseRenewalInterval)) != nil {
            let attempts = table.all
            guard !attempts.isEmpty else { continue }
            do throws(StoreError) {
                let outcomes = try await store.heartbeat(
                    attempts.map(\.id), lease: configuration.leaseDuration)
                for (attempt, outcome) in zip(attempts, outcomes) { obey(outcome, attempt) }
            } catch {
                logger.error("Leases cannot be extended", metadata: ["error": "\(error)"])
            }
        }
    }

    private func obey(_ outcome: HeartbeatOutcome, _ attempt: Attempt) {
        switch outcome {
        case .held: break
        case .cancelRequested: cancelRequested(attempt.id.taskID)
        case .lost:
            // It may just have been settled; then its end is decided and nothing happens here.
            attempt.stop(.leaseLost, giveUpAt: clock.now())
            giveUp(attempt)
        }
    }
}
