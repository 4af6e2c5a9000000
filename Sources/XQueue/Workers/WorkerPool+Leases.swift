import Logging
import Synchronization
import XQueueCore

/// Extends the leases of this process's attempts, and gives them up in time when that fails.
extension WorkerPool {
    /// A process that wakes this late was suspended or starved: what it knows of its leases is out of date.
    private static let gap = Duration.milliseconds(50)

    /// How long before its lease ends a handler is asked to stop; nil if handlers are not asked: the configuration
    /// says so, or no other process can use the store.
    var leaseMargin: Duration? {
        guard configuration.stopsOnLostLease, !attempts.store.capabilities.contains(.exclusive) else {
            return nil
        }
        return min(configuration.leaseDuration / 10, configuration.stopPeriod)
    }

    // MARK: - Heartbeats

    /// Extends the leases of this process's attempts periodically, and stops those that the store wants stopped.
    func confirmLeases() async {
        let interval = configuration.leaseRenewalInterval
        var backOff = context.backOff(longest: interval)
        while !Task.isCancelled {
            let wait = isCutOff.load(ordering: .acquiring) ? backOff.next() : interval
            await renewal.wait(until: context.clock.instant() + wait, clock: context.clock)
            guard !Task.isCancelled else { return }
            do throws(StoreError) {
                try await confirm()
                backOff.reset()
            } catch {
                continue
            }
        }
    }

    /// Extends the leases of all attempts whose ends are not stored yet.
    private func confirm() async throws(StoreError) {
        let running = table.all
        guard !running.isEmpty else { return isCutOff.store(false, ordering: .releasing) }
        do throws(StoreError) {
            let (answers, end) = try await attempts.confirm(running.map(\.id))
            isCutOff.store(false, ordering: .releasing)
            let now = context.clock.instant()
            for (attempt, answer) in zip(running, answers) {
                apply(attempt.take(answer, leaseEndsAt: end, at: now), to: attempt, at: now)
            }
        } catch {
            // Logged prominently once, not for every retry.
            let isKnown = isCutOff.exchange(true, ordering: .acquiringAndReleasing)
            context.logger.log(
                level: isKnown ? .debug : .error, "Could not extend leases; retrying",
                metadata: ["error": "\(error)"])
            throw error
        }
    }

    private func apply(_ standing: AttemptStanding, to attempt: RunningAttempt, at now: MonotonicInstant) {
        switch standing {
        case .held: break
        case .stop(.leaseLost):
            // If it has just been settled, its end is decided and this does nothing.
            attempt.stop(.leaseLost, giveUpAt: now)
            giveUp(attempt)
        case .stop(let reason): stop(attempt, reason, giveUpAt: now + configuration.gracePeriod)
        }
    }

    // MARK: - Expiring leases

    /// Asks a handler to stop because another node may soon run its task, or already does.
    ///
    /// A process that slept through the end of the lease asks the store first, which may not have noticed.
    func handleLostLease(_ attempt: RunningAttempt, late: Duration) {
        let now = context.clock.instant()
        if late > Self.gap {
            let chance = min(max(configuration.leaseDuration / 10, .milliseconds(500)), .seconds(5))
            if attempt.giveLastChance(until: now + chance) {
                deadlines.watch(attempt)
                return renewal.signal()
            }
        }
        context.logger.warning(
            "Could not extend the lease of a running task; stopping its handler",
            metadata: attempt.facts)
        stop(attempt, .leaseLost, giveUpAt: now + configuration.gracePeriod)
    }

    /// Confirms this process's attempts before the store sweeps expired leases. If leases may have expired because the
    /// process was suspended or the store unreachable, reports first which attempts have ended and which continue.
    ///
    /// - Returns: Until when no lease of this process expires; tasks claimed meanwhile have a full lease.
    /// - Throws: ``StoreError`` if the store cannot be reached: then it must not sweep either.
    func confirmOverdue() async throws(StoreError) -> MonotonicInstant {
        let lease = configuration.leaseDuration
        func isOverdue(_ end: MonotonicInstant) -> Bool { end < context.clock.instant() + lease / 3 }
        // The leases of a claim began before its answer: wait for one that was sent long ago.
        var claim = claimAskedAt.withLock { $0 }
        while let askedAt = claim, isOverdue(askedAt + lease) {
            guard await claimEnded.wait() else { return askedAt + lease }
            claim = claimAskedAt.withLock { $0 }
        }
        let now = context.clock.instant()
        let claimed = (claim ?? now) + lease
        let earliest = table.all.map(\.leaseEndsAt).min() ?? claimed
        guard isOverdue(earliest) else { return min(earliest, claimed) }
        try await completer.flush()
        let askedAt = context.clock.instant()
        try await confirm()
        // A lease that was not extended that far ends with its attempt's own deadline.
        return min(askedAt + lease, claimed)
    }
}
