import Logging
import Synchronization
import XQueueCore

/// The leases of this process's attempts: extended while they run, and let go in time when that fails.
extension WorkerPool {
    /// A process that wakes so late did not run, or hardly: whatever it knows of its leases is old.
    private static let gap = Duration.milliseconds(50)

    /// How long before the end of its lease a handler is told that it is lost; nil if handlers are not told: nobody else
    /// can have the attempts of a process that has the store to itself.
    var leaseMargin: Duration? {
        guard configuration.stopsOnLostLease, !attempts.store.capabilities.contains(.exclusive) else {
            return nil
        }
        return min(configuration.leaseDuration / 10, configuration.stopPeriod)
    }

    // MARK: - Heartbeats

    /// Extends the leases of this process's attempts, and stops those that the store wants stopped.
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
                obey(attempt.take(answer, leaseEndsAt: end, at: now), attempt, at: now)
            }
        } catch {
            // An operator need hear of it once, not at every try.
            let isKnown = isCutOff.exchange(true, ordering: .acquiringAndReleasing)
            context.logger.log(
                level: isKnown ? .debug : .error, "Leases cannot be extended; trying again",
                metadata: ["error": "\(error)"])
            throw error
        }
    }

    private func obey(_ standing: AttemptStanding, _ attempt: RunningAttempt, at now: MonotonicInstant) {
        switch standing {
        case .held: break
        case .stop(.leaseLost):
            // It may just have been settled; then its end is decided and nothing happens here.
            attempt.stop(.leaseLost, giveUpAt: now)
            giveUp(attempt)
        case .stop(let reason): stop(attempt, reason, giveUpAt: now + configuration.gracePeriod)
        }
    }

    // MARK: - Leases that run out

    /// Another node may soon have the attempt, or has it: its handler is asked to stop.
    ///
    /// A process that slept through the end of the lease asks the store first, since maybe nobody has missed it.
    func loseLease(_ attempt: RunningAttempt, late: Duration) {
        let now = context.clock.instant()
        if late > Self.gap {
            let chance = min(max(configuration.leaseDuration / 10, .milliseconds(500)), .seconds(5))
            if attempt.giveLastChance(until: now + chance) {
                deadlines.watch(attempt)
                return renewal.signal()
            }
        }
        context.logger.warning(
            "The lease of a running task could not be extended; its handler is asked to stop",
            metadata: attempt.facts)
        stop(attempt, .leaseLost, giveUpAt: now + configuration.gracePeriod)
    }

    /// To be called before the store is asked to take back what nobody has confirmed. If leases of this process may have run
    /// out, because it stood still or the store did not answer, the store is first told which attempts have ended and
    /// which go on.
    ///
    /// - Returns: Until when no lease of this process runs out that goes on: what is claimed meanwhile has a whole one.
    /// - Throws: ``StoreError`` if it cannot be told: then it must not be asked either.
    func confirmOverdue() async throws(StoreError) -> MonotonicInstant {
        let lease = configuration.leaseDuration
        func isOverdue(_ end: MonotonicInstant) -> Bool { end < context.clock.instant() + lease / 3 }
        // What a claim brings has leases that began before its answer: one that was asked for long ago is waited for.
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
        // A lease that was not extended so far ends with its attempt's own deadline.
        return min(askedAt + lease, claimed)
    }
}
