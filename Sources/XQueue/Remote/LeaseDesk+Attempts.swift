import XQueueCore

extension LeaseDesk {
    /// How often a worker should extend its leases: three times per lease, and three times per grace period,
    /// so that it learns of a cancellation in time.
    var heartbeatInterval: Duration {
        max(min(configuration.leaseDuration, configuration.gracePeriod) / 3, .milliseconds(100))
    }

    /// Extends leases. Returns the standing of each attempt, in order.
    func extend(_ ids: [AttemptID]) async throws(QueueError) -> [AttemptStanding] {
        let known = try await lookUp(ids)
        let (answers, end) = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.attempts.confirm(ids)
        }
        let now = context.clock.instant()
        return zip(ids, answers).map { id, answer in
            guard answer != .lost, let attempt = known[id] else {
                held.remove(id)
                return .stop(.leaseLost)
            }
            workers.touch(attempt.worker)
            return held.take(answer, of: attempt, leaseEndsAt: end, at: now)
        }
    }

    /// Records the progress of attempts, which extends their leases.
    func report(_ reports: [ProgressReport]) async throws(QueueError) -> [AttemptStanding] {
        try await QueueError.wrapping { () async throws(StoreError) in
            try await self.attempts.store.report(reports)
        }
        return try await extend(reports.map(\.attempt))
    }

    /// Settles attempts. Returns the outcome of each, in order.
    func end(_ ends: [LeaseEnd]) async throws(QueueError) -> [SettleOutcome] {
        let known = try await lookUp(ends.map(\.attempt))
        let now = context.clock.instant()
        let settlements = ends.map { end in
            let timeout = known[end.attempt].flatMap { $0.isTimedOut(at: now) ? $0.processTimeout : nil }
            return Settlement(
                attempt: end.attempt,
                outcome: attempts.outcome(of: end.end, end.attempt.taskID, timedOutAfter: timeout))
        }
        let answers = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.attempts.store.settle(settlements)
        }
        for (settlement, answer) in zip(settlements, answers) {
            held.remove(settlement.attempt)
            let attempt = known[settlement.attempt]
            if let attempt {
                workers.touch(attempt.worker)
                attempt.metrics.ran(for: now - attempt.startedAt)
            }
            attempts.settled(settlement, answer, attempt?.metrics)
        }
        return answers
    }

    /// Returns the attempts that still hold their leases. Those claimed through another node, or through this
    /// one before a restart, are looked up in the store.
    func lookUp(_ ids: [AttemptID]) async throws(QueueError) -> [AttemptID: Attempt] {
        var known: [AttemptID: Attempt] = [:]
        for id in ids { known[id] = held.attempt(id) }
        let unknown = Set(ids).subtracting(known.keys)
        guard !unknown.isEmpty else { return known }
        let fetched = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.fetch(unknown)
        }
        return known.merging(fetched) { $1 }
    }

    private func fetch(_ ids: Set<AttemptID>) async throws(StoreError) -> [AttemptID: Attempt] {
        let store = attempts.store
        let storeTime = try await store.now()
        let now = context.clock.instant()
        typealias Answer = Result<TaskRecord?, StoreError>
        let answers = await withTaskGroup(of: Answer.self) { group in
            var answers: [Answer] = []
            for (number, id) in ids.enumerated() {
                // Each reply holds the whole task, whose payload may be large.
                if number >= Self.maxLookUps, let answer = await group.next() { answers.append(answer) }
                group.addTask {
                    do throws(StoreError) {
                        let record = try await store.task(id.taskID)
                        return .success(record?.lease?.token == id.token ? record : nil)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: answers) { $0.append($1) }
        }
        var found: [AttemptID: Attempt] = [:]
        for answer in answers {
            guard let record = try answer.get(),
                let attempt = attempts.recall(record, storeTime: storeTime, now: now)
            else { continue }
            held.insert(attempt)
            found[attempt.id] = attempt
        }
        return found
    }

    /// Maximum number of concurrent look-ups.
    private static let maxLookUps = 16
}
