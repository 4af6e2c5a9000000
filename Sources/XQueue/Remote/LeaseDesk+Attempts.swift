import XQueueCore

extension LeaseDesk {
    /// How often a worker should extend its leases: three times within each, and within the grace period
    /// that it has to stop after a cancel.
    var heartbeatInterval: Duration {
        max(min(configuration.leaseDuration, configuration.gracePeriod) / 3, .milliseconds(100))
    }

    /// Extends leases; answers in order what becomes of each.
    func extend(_ attempts: [AttemptID]) async throws(QueueError) -> [LeaseStanding] {
        await learn(attempts)
        let outcomes = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.store.heartbeat(attempts, lease: self.configuration.leaseDuration)
        }
        let now = clock.now()
        return zip(attempts, outcomes).map { attempt, outcome in
            guard outcome != .lost else {
                held.remove(attempt)
                return .stop(.lost)
            }
            held.extend(attempt, until: now + configuration.leaseDuration)
            let entry = held.entry(attempt)
            if let entry { workers.touch(entry.worker) }
            if outcome == .cancelRequested { return .stop(.canceled) }
            return entry?.isTimedOut(at: now) == true ? .stop(.timeout) : .held
        }
    }

    /// Records how far attempts have come, which extends their leases.
    func report(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseStanding] {
        try await QueueError.wrapping { () async throws(StoreError) in try await self.store.report(reports) }
        return try await extend(reports.map(\.attempt))
    }

    /// Ends attempts; answers in order what became of each.
    func end(_ ends: [LeaseEnd]) async throws(QueueError) -> [SettleOutcome] {
        await learn(ends.map(\.attempt))
        let now = clock.now()
        let settlements = ends.map { end in
            Settlement(attempt: end.attempt, outcome: outcome(of: end, at: now))
        }
        let outcomes = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.store.settle(settlements)
        }
        for end in ends {
            if let entry = held.entry(end.attempt) { workers.touch(entry.worker) }
            held.remove(end.attempt)
        }
        return outcomes
    }

    private func outcome(of end: LeaseEnd, at now: Timestamp) -> AttemptOutcome {
        if case .release(let delay) = end.outcome {
            return delay == .zero ? .release : .snooze(delay)
        }
        if let entry = held.entry(end.attempt), entry.isTimedOut(at: now) {
            // Whatever it brings came too late.
            return .failure(.processTimeout(entry.processTimeout ?? .zero), draw: random.draw())
        }
        switch end.outcome {
        case .success(let result): return .success(result)
        case .failure(let failure): return .failure(failure, draw: random.draw())
        case .release: return .release
        }
    }

    /// Asks the store about leases that another node gave out, or this one before it was restarted: their
    /// process timeouts must be known.
    private func learn(_ attempts: [AttemptID]) async {
        let unknown = attempts.filter { held.entry($0) == nil }
        guard !unknown.isEmpty else { return }
        await withTaskGroup(of: Void.self) { group in
            for attempt in Set(unknown) {
                group.addTask {
                    // If the store does not answer, the call that follows says so.
                    guard let record = try? await self.store.task(attempt.taskID),
                        record.lease?.token == attempt.token
                    else { return }
                    self.held.insert(record)
                }
            }
        }
    }
}
