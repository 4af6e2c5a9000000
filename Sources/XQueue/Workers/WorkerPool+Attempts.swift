import Logging
import Synchronization
import XQueueCore

/// Attempts in this process, from claim to end.
extension WorkerPool {
    // MARK: - Claims

    /// Claims tasks into free slots until the pool is stopped.
    func dispatch() async {
        var backOff = context.backOff()
        while !shouldStop {
            let free = slots.free
            let types = registry.types
            let room = completer.backlog < configuration.maxConcurrency * 10
            guard free > 0, room, !types.isEmpty else {
                await work.wait()
                continue
            }
            do throws(StoreError) {
                let hasMore = try await claim(types, upTo: min(free, configuration.maxBatch))
                backOff.reset()
                if !hasMore { await work.wait() }
            } catch {
                if shouldStop { return }
                context.logger.error("Could not claim tasks; retrying", metadata: ["error": "\(error)"])
                guard await backOff.wait() else { return }
            }
        }
    }

    /// Returns whether more tasks may be ready.
    private func claim(_ types: [String], upTo count: Int) async throws(StoreError) -> Bool {
        mayHaveMissedCancel.store(false, ordering: .releasing)
        claimAskedAt.withLock { $0 = context.clock.instant() }
        defer {
            claimAskedAt.withLock { $0 = nil }
            claimEnded.signal()
        }
        let share = ClaimShare(workerID: workerID, types: types, count: count)
        let claimed = try await attempts.claim([share], isRemote: false)
        let tasks = claimed.tasks[0]
        if shouldStop {
            await attempts.release(tasks)
            return claimed.hasMore
        }
        // This process was suspended meanwhile: another node may have the tasks by now.
        if let leaseMargin, claimed.terms.leaseEndsAt <= claimed.terms.claimedAt + leaseMargin {
            await attempts.release(tasks)
            return true
        }
        slots.take(tasks.count)
        for record in tasks { start(record, claimed.terms) }
        // The store knows which attempts are to stop.
        if mayHaveMissedCancel.load(ordering: .acquiring) { renewal.signal() }
        return claimed.hasMore
    }

    // MARK: - Handlers

    private func start(_ record: TaskRecord, _ terms: LeaseTerms) {
        guard let handler = registry.handler(of: record.type), let begun = attempts.begin(record, terms)
        else { return slots.free(wasStuck: false) }
        let attempt = RunningAttempt(begun, of: record, leaseMargin: leaseMargin, progress: progress)
        let task = TaskContext(
            attempt, payload: record.definition.payload, trace: record.definition.trace,
            configuration: configuration, logger: context.logger)
        table.insert(attempt)
        deadlines.watch(attempt)
        attempt.start { await self.perform(attempt, handler, task) }
    }

    private func perform(
        _ attempt: RunningAttempt, _ handler: ErasedHandler, _ task: TaskContext<RawJSON>
    ) async {
        let result: Result<RawJSON?, any Error>
        do {
            result = .success(try await handler(task))
        } catch {
            result = .failure(error)
        }
        let reason = attempt.stopReason(at: context.clock.instant())
        guard attempt.end() else {
            slots.free(wasStuck: true)
            return slotFreed()
        }
        let end = AttemptEnd(
            of: result, stopReason: reason, record: attempt.record,
            maxResultBytes: configuration.maxPayloadBytes, random: context.random)
        settle(attempt, end, stopReason: reason)
        slots.free(wasStuck: false)
        slotFreed()
    }

    private func settle(_ attempt: RunningAttempt, _ end: AttemptEnd, stopReason: StopReason?) {
        let isTimedOut = stopReason == .timedOut
        let outcome = attempts.outcome(
            of: end, attempt.id.taskID,
            timedOutAfter: isTimedOut ? attempt.record.processTimeout ?? .zero : nil, isStopping: shouldStop)
        if case .failure(let failure, _) = outcome {
            context.logger.debug(
                "Attempt failed",
                metadata: attempt.facts.merging(["error": "\(failure.message)"]) { $1 })
        }
        completer.add(
            Settlement(attempt: attempt.id, outcome: outcome, progress: progress.take(attempt.id)),
            attempt.metrics)
    }

    // MARK: - Stops

    /// Cancellation of a task was requested. It may be running elsewhere, or have ended.
    func cancelRequested(_ id: TaskID) {
        // First: a claim in flight that has the task looks here once it has started it.
        mayHaveMissedCancel.store(true, ordering: .releasing)
        guard let attempt = table.attempt(of: id) else { return }
        stop(attempt, .canceled, giveUpAt: context.clock.instant() + configuration.gracePeriod)
    }

    /// Asks the handler to stop, and gives it up at `giveUpAt`.
    func stop(_ attempt: RunningAttempt, _ reason: StopReason, giveUpAt: MonotonicInstant) {
        attempt.stop(reason, giveUpAt: giveUpAt)
        deadlines.watch(attempt)
    }

    /// Acts on an attempt whose time has come.
    func handle(_ attempt: RunningAttempt, _ action: RunningAttempt.DueAction) {
        switch action {
        case .timeOut:
            stop(attempt, .timedOut, giveUpAt: context.clock.instant() + configuration.gracePeriod)
        case .handleLostLease(let late): handleLostLease(attempt, late: late)
        case .giveUp: giveUp(attempt)
        }
    }

    /// Ends the attempt without waiting for its handler, which keeps its slot until it returns.
    func giveUp(_ attempt: RunningAttempt) {
        let reason = attempt.stopReason
        guard attempt.end() else { return }
        slots.markStuck()
        context.logger.warning(
            "A handler did not stop; ended its attempt", metadata: attempt.facts)
        guard let end = AttemptEnd(givenUp: reason) else { return table.remove(attempt.id) }
        settle(attempt, end, stopReason: reason)
    }
}

extension RunningAttempt {
    /// Metadata for log lines.
    var facts: Logger.Metadata {
        ["task.id": "\(id.taskID)", "task.type": "\(record.type)", "attempt": "\(record.attempt)"]
    }
}
