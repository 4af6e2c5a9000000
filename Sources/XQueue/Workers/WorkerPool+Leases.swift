import Logging
import Synchronization
import XQueueCore

extension WorkerPool {
    /// A process that wakes so late did not run, or hardly: whatever it knows of its leases is old.
    private static let gap = Duration.milliseconds(50)

    /// How long before the end of its lease a handler is told that it is lost; nil if handlers are not told: nobody else
    /// can have the attempts of a process that has the store to itself.
    var leaseMargin: Duration? {
        guard configuration.stopsOnLostLease, !store.isExclusive else { return nil }
        return min(configuration.leaseDuration / 10, configuration.stopPeriod)
    }

    // MARK: - Heartbeats

    /// Extends the leases of this process's attempts, and stops those that the store wants stopped.
    func confirmLeases() async {
        let interval = configuration.leaseRenewalInterval
        var backOff = BackOff(random: random, longest: interval)
        while !Task.isCancelled {
            let wait = isCutOff.load(ordering: .acquiring) ? backOff.next() : interval
            await renewal.wait(until: clock.instant() + wait, clock: clock)
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
        let attempts = table.all
        guard !attempts.isEmpty else { return isCutOff.store(false, ordering: .releasing) }
        let askedAt = clock.instant()
        do throws(StoreError) {
            let outcomes = try await store.heartbeat(attempts.map(\.id), lease: configuration.leaseDuration)
            isCutOff.store(false, ordering: .releasing)
            let end = askedAt + configuration.leaseDuration
            for (attempt, outcome) in zip(attempts, outcomes) { obey(outcome, attempt, until: end) }
        } catch {
            // An operator need hear of it once, not at every try.
            let isKnown = isCutOff.exchange(true, ordering: .acquiringAndReleasing)
            logger.log(
                level: isKnown ? .debug : .error, "Leases cannot be extended; trying again",
                metadata: ["error": "\(error)"])
            throw error
        }
    }

    private func obey(_ outcome: HeartbeatOutcome, _ attempt: Attempt, until end: MonotonicInstant) {
        switch outcome {
        case .held: attempt.extendLease(until: end)
        case .cancelRequested:
            attempt.extendLease(until: end)
            cancelRequested(attempt.id.taskID)
        case .lost:
            // It may just have been settled; then its end is decided and nothing happens here.
            attempt.stop(.leaseLost, giveUpAt: clock.instant())
            giveUp(attempt)
        }
    }

    // MARK: - Leases that run out

    /// Another node may soon have the attempt, or has it: its handler is asked to stop.
    ///
    /// A process that slept through the end of the lease asks the store first, since maybe nobody has missed it.
    func loseLease(_ attempt: Attempt, late: Duration) {
        let now = clock.instant()
        if late > Self.gap {
            let chance = min(max(configuration.leaseDuration / 10, .milliseconds(500)), .seconds(5))
            if attempt.giveLastChance(until: now + chance) {
                deadlines.watch(attempt)
                return renewal.ring()
            }
        }
        logger.warning(
            "The lease of a running task could not be extended; its handler is asked to stop",
            metadata: [
                "task.id": "\(attempt.id.taskID)", "task.type": "\(attempt.record.type)",
                "attempt": "\(attempt.record.attempt)",
            ])
        stop(attempt, .leaseLost, giveUpAt: now + configuration.gracePeriod)
    }

    /// To be called before the store is asked to take back what nobody has confirmed. If leases of this process may have run
    /// out, because it stood still or the store did not answer, the store is first told which attempts have ended and
    /// which go on.
    ///
    /// - Returns: Until when no lease of this process runs out that goes on: what is claimed meanwhile has a whole one.
    /// - Throws: ``StoreError`` if it cannot be told: then it must not be asked either.
    func confirmOverdue() async throws(StoreError) -> MonotonicInstant {
        let now = clock.instant()
        let earliest = table.all.map(\.leaseEndsAt).min() ?? now + configuration.leaseDuration
        guard earliest < now + configuration.leaseDuration / 3 else {
            return min(earliest, now + configuration.leaseDuration)
        }
        try await completer.flush()
        let askedAt = clock.instant()
        try await confirm()
        // A lease that was not extended so far ends with its attempt's own deadline.
        return askedAt + configuration.leaseDuration
    }
}
