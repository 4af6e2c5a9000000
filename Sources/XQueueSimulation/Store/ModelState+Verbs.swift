import XQueueCore

extension ModelState {
    mutating func insert(_ tasks: [NewTask], at now: Timestamp) throws(StoreError) -> [InsertOutcome] {
        var next = self
        var outcomes: [InsertOutcome] = []
        var bytes = 0
        for task in tasks {
            let outcome = try next.insert(task, at: now)
            if case .inserted = outcome {
                outcomes.append(outcome)
            } else {
                outcomes.append(bytes > ModelLimits.answerBytes ? outcome.abridged : outcome)
                bytes += outcome.record.contentBytes
            }
        }
        if outcomes.contains(where: \.isInserted) {
            guard next.records.values.count(where: { $0.status == .pending }) <= limits.maxBacklog else {
                throw StoreError(.backlogFull, "there are already \(limits.maxBacklog) pending tasks")
            }
        }
        self = next
        unpark()
        return outcomes
    }

    private mutating func insert(_ task: NewTask, at now: Timestamp) throws(StoreError) -> InsertOutcome {
        if let known = records[task.id] { return .existing(known) }
        let entry = uniqueKeys.entry(for: task.definition, at: now)
        guard let holder = entry?.holder.flatMap({ records[$0] }) else {
            return .inserted(try insertNew(task, isBlocked: false, at: now))
        }
        let next = entry?.next.flatMap { records[$0] }
        switch task.onConflict.resolution(holder: holder, next: next, type: task.type) {
        case .existing(let record): return .existing(record)
        case .conflict(let record): return .conflict(record)
        case .follow: return .inserted(try insertNew(task, isBlocked: true, at: now))
        case .rewrite(let record):
            let outcome = rewrite(task.rewrite(of: record, at: now), at: now)
            guard case .changed(let changed) = outcome else { return .existing(record) }
            return .replaced(changed)
        }
    }

    private mutating func insertNew(
        _ task: NewTask, isBlocked: Bool, at now: Timestamp
    ) throws(StoreError) -> TaskRecord {
        if types[task.type] == nil {
            guard types.count < limits.maxTypes else {
                throw StoreError(.tooManyTypes, "there are already \(limits.maxTypes) types")
            }
            types[task.type] = TypeSetting()
        }
        let record = TaskStateMachine.submit(task, at: now, isBlocked: isBlocked)
        if task.schedule.isGiven { givenRunAts[task.id] = record.runAt }
        put(record, replacing: nil, at: now)
        if isBlocked { uniqueKeys.follow(record) } else { uniqueKeys.take(record, at: now) }
        return record
    }

    mutating func claim(_ request: ClaimRequest, at now: Timestamp) -> ClaimResult {
        var result = ClaimResult(tasks: [], hasMore: false)
        var bytes = 0
        let ready = records.values.filter { $0.pendingReason == .ready }.sorted { $0.isBetter(than: $1) }
        for (index, share) in request.shares.enumerated() {
            var wanted = share.count
            for candidate in ready where share.types.contains(candidate.type) {
                guard records[candidate.id]?.pendingReason == .ready, isFree(candidate.type) else { continue }
                guard wanted > 0, bytes <= request.maxBytes else { break }
                guard hasToken(candidate) else {
                    _ = take(.park, candidate.id, at: now)
                    continue
                }
                let grant = request.grant(result.tasks.count, to: index)
                guard case .success(let record) = take(.claim(grant), candidate.id, at: now) else { continue }
                result.tasks.append(record)
                wanted -= 1
                bytes += record.contentBytes
            }
        }
        let types = Set(request.shares.flatMap(\.types))
        result.hasMore = records.values.contains {
            $0.pendingReason == .ready && types.contains($0.type) && isFree($0.type)
        }
        unpark()
        return result
    }

    mutating func settle(_ settlement: Settlement, at now: Timestamp) -> SettleOutcome {
        let attempt = settlement.attempt
        if let progress = settlement.progress { note(progress, of: attempt, at: now) }
        defer { unpark() }
        switch take(.settle(attempt.token, settlement.outcome), attempt.taskID, at: now) {
        case .success(let record): return .settled(record.status, version: record.version)
        case .failure(let rejection): return .rejected(rejection)
        }
    }

    mutating func heartbeat(_ attempt: AttemptID, lease: Duration, at now: Timestamp) -> HeartbeatOutcome {
        switch take(.heartbeat(attempt.token, lease: lease), attempt.taskID, at: now) {
        case .success(let record): record.cancelRequestedAt == nil ? .held : .cancelRequested
        case .failure: .lost
        }
    }

    mutating func report(_ reports: [ProgressReport], at now: Timestamp) {
        for (index, report) in reports.enumerated()
        where !reports[(index + 1)...].contains(where: { $0.attempt == report.attempt }) {
            note(report.progress, of: report.attempt, at: now)
        }
    }

    private mutating func note(_ progress: TaskProgress, of attempt: AttemptID, at now: Timestamp) {
        if case .success(let record) = take(.progress(attempt.token, progress), attempt.taskID, at: now) {
            write(.progress(progress), of: record, at: now)
        }
    }

    mutating func cancel(_ id: TaskID, grace: Duration, at now: Timestamp) -> ChangeOutcome {
        defer { unpark() }
        let outcome = take(.cancel(grace: grace), id, at: now)
        if case .success(let record) = outcome, record.status == .processing {
            news.signals.append(.cancelRequested(id))
        }
        return change(outcome, id)
    }

    mutating func requeue(_ id: TaskID, at now: Timestamp) -> ChangeOutcome {
        if isKeyTaken(by: .requeue, id, at: now) { return .rejected(.uniqueKeyTaken, records[id]) }
        defer { unpark() }
        return change(take(.requeue, id, at: now), id)
    }

    mutating func rewrite(_ rewrite: TaskRewrite, at now: Timestamp) -> ChangeOutcome {
        if isKeyTaken(by: .rewrite(rewrite), rewrite.id, at: now) {
            return .rejected(.uniqueKeyTaken, records[rewrite.id])
        }
        defer { unpark() }
        if let schedule = rewrite.schedule, records[rewrite.id]?.allows(rewrite) == true {
            givenRunAts[rewrite.id] = schedule.isGiven ? schedule.time(at: now) : nil
        }
        let outcome = change(take(.rewrite(rewrite), rewrite.id, at: now), rewrite.id)
        if case .changed(let record) = outcome, record.pendingReason == .ready { signalReady() }
        return outcome
    }

    /// Whether a legal step would give the task a key that another one has.
    private func isKeyTaken(by transition: TaskTransition, _ id: TaskID, at now: Timestamp) -> Bool {
        guard let old = records[id] else { return false }
        var machine = TaskStateMachine(old)
        guard (try? machine.apply(transition, at: now)) != nil else { return false }
        return uniqueKeys.forbids(machine.record, after: old, at: now)
    }

    private func change(_ outcome: Result<TaskRecord, TransitionRejection>, _ id: TaskID) -> ChangeOutcome {
        switch outcome {
        case .success(let record): .changed(record)
        case .failure(let rejection): .rejected(rejection, records[id])
        }
    }

    // MARK: - Maintenance

    mutating func sweep(limit: Int, draw: SweepDraw, at now: Timestamp) -> SweepResult {
        let due = records.values
            .compactMap { record in record.dueAt.map { (time: $0, id: record.id) } }
            .filter { $0.time <= now }
            .sorted { ($0.time, $0.id) < ($1.time, $1.id) }
        for (_, id) in due.prefix(limit) { _ = take(.expire(draw: draw.draw(for: id)), id, at: now) }
        unpark()
        let next = records.values.lazy.compactMap(\.dueAt).min()
        return SweepResult(
            changed: min(due.count, limit), nextDueIn: next.map { max($0 - now, .zero) },
            nextScheduleIn: nextSchedule.map { max($0 - now, .zero) })
    }

    mutating func prune(_ retention: Retention, limit: Int, at now: Timestamp) -> Int {
        log.prune(at: now)
        let oldest = now + (.zero - retention.age)
        let ended = records.values.filter(\.status.isFinal).sorted { $0.id < $1.id }
        var gone = ended.filter { ($0.completedAt ?? now) < oldest }.prefix(limit).map(\.id)
        let surplus = min(ended.count - retention.count, limit) - gone.count
        if surplus > 0 {
            let known = Set(gone)
            gone += ended.lazy.map(\.id).filter { !known.contains($0) }.prefix(surplus)
        }
        for id in gone {
            if let record = records[id] { uniqueKeys.removed(record) }
            news.changes.append(RecordChange(old: records.removeValue(forKey: id), new: nil))
            givenRunAts[id] = nil
        }
        return gone.count
    }
}

extension InsertOutcome {
    fileprivate var isInserted: Bool {
        if case .inserted = self { true } else { false }
    }
}
