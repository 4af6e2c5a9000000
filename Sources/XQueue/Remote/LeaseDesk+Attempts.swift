import XQueueCore

extension LeaseDesk {
    /// How often a worker should extend its leases: three times within each, and within the grace period
    /// that it has to stop after a cancel.
    var heartbeatInterval: Duration {
        max(min(configuration.leaseDuration, configuration.gracePeriod) / 3, .milliseconds(100))
    }

    /// Extends leases; answers in order what becomes of each.
    func extend(_ attempts: [AttemptID]) async throws(QueueError) -> [LeaseStanding] {
        try await learn(attempts)
        let outcomes = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.store.heartbeat(attempts, lease: self.configuration.leaseDuration)
        }
        let now = clock.instant()
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
        let known = try await learn(ends.map(\.attempt))
        let now = clock.instant()
        let settlements = ends.map { end in
            Settlement(attempt: end.attempt, outcome: outcome(of: end, known[end.attempt], at: now))
        }
        let outcomes = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.store.settle(settlements)
        }
        for (settlement, outcome) in zip(settlements, outcomes) {
            held.remove(settlement.attempt)
            guard let entry = known[settlement.attempt] else { continue }
            workers.touch(entry.worker)
            let work = metrics.work(entry.type)
            work.ran(for: now - entry.startedAt)
            work.settled(settlement.outcome, outcome)
        }
        return outcomes
    }

    private func outcome(
        of end: LeaseEnd, _ entry: HeldLeases.Entry?, at now: MonotonicInstant
    ) -> AttemptOutcome {
        if case .release(let asked) = end.outcome {
            let delay = asked > .zero ? asked : returns.delay(of: end.attempt.taskID)
            return delay == .zero ? .release : .snooze(delay)
        }
        returns.forget(end.attempt.taskID)
        if let entry, entry.isTimedOut(at: now) {
            // Whatever it brings came too late.
            return .failure(.processTimeout(entry.processTimeout ?? .zero), draw: random.draw())
        }
        switch end.outcome {
        case .success(let result): return .success(result)
        case .failure(let failure): return .failure(failure, draw: random.draw())
        case .release: return .release
        }
    }

    /// What is known of leases; nothing of those that are over. The store is asked about those that another
    /// node gave out, or this one before it was restarted.
    @discardableResult
    func learn(_ attempts: [AttemptID]) async throws(QueueError) -> [AttemptID: HeldLeases.Entry] {
        var known: [AttemptID: HeldLeases.Entry] = [:]
        for attempt in attempts { known[attempt] = held.entry(attempt) }
        let unknown = Set(attempts).subtracting(known.keys)
        guard !unknown.isEmpty else { return known }
        let learned = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.ask(about: unknown)
        }
        return known.merging(learned) { $1 }
    }

    private func ask(
        about attempts: Set<AttemptID>
    ) async throws(StoreError) -> [AttemptID: HeldLeases.Entry] {
        let storeNow = try await store.now()
        let now = clock.instant()
        typealias Answer = Result<TaskRecord?, StoreError>
        let answers = await withTaskGroup(of: Answer.self) { group in
            var answers: [Answer] = []
            for (number, attempt) in attempts.enumerated() {
                // Each brings the whole task, whose payload may be large.
                if number >= Self.mostAtOnce, let answer = await group.next() { answers.append(answer) }
                group.addTask {
                    do throws(StoreError) {
                        let record = try await self.store.task(attempt.taskID)
                        return .success(record?.lease?.token == attempt.token ? record : nil)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: answers) { $0.append($1) }
        }
        var learned: [AttemptID: HeldLeases.Entry] = [:]
        for answer in answers {
            guard let record = try answer.get(), let lease = record.lease else { continue }
            // How long it has run, and how long it still has, is a matter of the store's clock alone.
            let ran = record.startedAt.map { max(storeNow - $0, .zero) } ?? .zero
            learned[AttemptID(taskID: record.id, token: lease.token)] = held.insert(
                record, startedAt: now + (.zero - ran), expiresAt: now + (lease.expiresAt - storeNow))
        }
        return learned
    }

    /// The most leases the store is asked about at once.
    private static let mostAtOnce = 16
}
