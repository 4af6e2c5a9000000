import Logging
import XQueueCore

extension WorkerPool {
    /// Claims tasks into free slots until the pool is stopped.
    func dispatch() async {
        var backOff = BackOff(random: random)
        while !shouldStop {
            let free = slots.free
            let types = registry.types
            let room = completer.backlog < configuration.maxConcurrency * 10
            guard free > 0, room, !types.isEmpty else {
                await work.wait()
                continue
            }
            do throws(StoreError) {
                let claimed = try await claim(types, upTo: min(free, configuration.maxBatch))
                backOff.reset()
                if !claimed.hasMore { await work.wait() }
            } catch {
                if shouldStop { return }
                logger.error("Tasks cannot be claimed; trying again", metadata: ["error": "\(error)"])
                guard await backOff.wait(clock) else { return }
            }
        }
    }

    private func claim(_ types: [String], upTo count: Int) async throws(StoreError) -> ClaimResult {
        let grant = ClaimGrant(
            token: LeaseToken(random: random), workerID: workerID, lease: configuration.leaseDuration,
            grace: configuration.gracePeriod)
        let askedAt = clock.instant()
        let claimed = try await births.claim(ClaimRequest(types: types, count: count, grant: grant))
        let terms = LeaseTerms(
            askedAt: askedAt, claimedAt: clock.instant(), lease: grant.lease, grace: grant.grace,
            margin: leaseMargin)
        if shouldStop {
            await giveBack(claimed.tasks)
            return claimed
        }
        slots.take(claimed.tasks.count)
        for record in claimed.tasks { start(record, terms) }
        return claimed
    }

    /// The pool was stopped while it claimed: whoever goes on working may have the tasks at once.
    private func giveBack(_ tasks: [TaskRecord]) async {
        let releases = tasks.compactMap { record in
            record.lease.map {
                Settlement(attempt: AttemptID(taskID: record.id, token: $0.token), outcome: .release)
            }
        }
        guard !releases.isEmpty else { return }
        do throws(StoreError) {
            _ = try await store.settle(releases)
        } catch {
            // Their leases run out.
            logger.debug("Tasks were not given back", metadata: ["error": "\(error)"])
        }
    }

    private func start(_ record: TaskRecord, _ terms: LeaseTerms) {
        let metrics = metrics.work(record.type)
        guard let attempt = Attempt(record, terms, metrics: metrics, progress: progress),
            let handler = registry.handler(of: record.type)
        else { return slots.free(wasStuck: false) }
        let context = TaskContext<RawJSON>(
            id: record.id, type: record.type, payload: record.payload, attempt: record.attempt,
            maxRetry: record.maxRetry, createdAt: record.createdAt, configuration: configuration,
            baseLogger: logger, control: attempt)
        metrics.started(record)
        table.insert(attempt)
        deadlines.watch(attempt)
        attempt.start { await self.perform(attempt, handler, context) }
    }

    private func perform(
        _ attempt: Attempt, _ handler: ErasedHandler, _ context: TaskContext<RawJSON>
    ) async {
        let start = ContinuousClock.now
        let result: Result<RawJSON?, any Error>
        do {
            result = .success(
                try await tracer.attempt(attempt.record) { trace in
                    var context = context
                    context.trace = trace
                    return try await handler(context)
                })
        } catch {
            result = .failure(error)
        }
        attempt.metrics.ran(since: start)
        let reason = attempt.stopReason
        guard attempt.end() else {
            slots.free(wasStuck: true)
            return slotFreed()
        }
        let outcome = AttemptOutcome(
            of: result, stopReason: reason, record: attempt.record,
            maxResultBytes: configuration.maxPayloadBytes, random: random)
        if case .failure(let failure, _) = outcome {
            context.logger.debug("An attempt failed", metadata: ["error": "\(failure.message)"])
        }
        settle(attempt, outcome)
        slots.free(wasStuck: false)
        slotFreed()
    }

    func settle(_ attempt: Attempt, _ outcome: AttemptOutcome) {
        completer.add(
            Settlement(
                attempt: attempt.id, outcome: paced(outcome, attempt), progress: progress.take(attempt.id)),
            attempt.metrics)
    }

    /// A task that its handler gives back again and again must not keep the node busy with nothing else.
    private func paced(_ outcome: AttemptOutcome, _ attempt: Attempt) -> AttemptOutcome {
        switch outcome {
        case .snooze(.zero): return .snooze(returns.delay(of: attempt.id.taskID))
        case .release where !shouldStop:
            let delay = returns.delay(of: attempt.id.taskID)
            return delay == .zero ? .release : .snooze(delay)
        case .snooze, .release: return outcome
        case .success, .failure:
            returns.forget(attempt.id.taskID)
            return outcome
        }
    }
}
