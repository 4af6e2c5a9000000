import XQueueCore

/// What a store should hold, implemented as simply as possible: a dictionary, sorted when order matters.
///
/// Every step goes through the pure ``TaskStateMachine``. Which tasks are parked is not predicted, but checked
/// and adopted from the store: see ``StoreModel/adopt(_:)``.
struct StoreModel {
    var records: [TaskID: TaskRecord] = [:]
    var limits: [String: Int] = [:]
    var paused: Set<String> = []
    var schedules: [String: ScheduleRecord] = [:]
    /// What schedules did, in order.
    var scheduleEvents: [ScheduleEvent] = []
    /// Due times of tasks that were submitted with a time.
    private var givenRunAts: [TaskID: Timestamp] = [:]

    // MARK: - Verbs

    mutating func insert(_ tasks: [NewTask], at now: Timestamp) -> [InsertOutcome] {
        tasks.map { task in
            if let known = records[task.id] { return .existing(known) }
            if let key = task.uniqueKey, let holder = holder(of: key, type: task.type) {
                return .existing(holder)
            }
            let record = TaskStateMachine.submit(task, at: now)
            records[task.id] = record
            if case .at = task.schedule { givenRunAts[task.id] = record.runAt }
            return .inserted(record)
        }
    }

    /// What an unlimited claim would hand out; changes nothing.
    func claimable(_ request: ClaimRequest, at now: Timestamp) -> [TaskRecord] {
        var model = self
        var claimed: [TaskRecord] = []
        let candidates = StoreConformance.inOrder(Array(records.values.filter(\.isReady)))
        for candidate in candidates where claimed.count < request.count {
            guard request.types.contains(candidate.type), model.isFree(candidate) else { continue }
            var grant = request.grant
            grant.token = grant.token.offset(by: claimed.count)
            guard case .success(let record) = model.take(.claim(grant), candidate.id, at: now) else {
                continue
            }
            claimed.append(record)
        }
        return claimed
    }

    mutating func settle(_ settlements: [Settlement], at now: Timestamp) -> [SettleOutcome] {
        settlements.map { settlement in
            let (id, token) = (settlement.attempt.taskID, settlement.attempt.token)
            if let progress = settlement.progress { _ = take(.progress(token, progress), id, at: now) }
            switch take(.settle(token, settlement.outcome), id, at: now) {
            case .success(let record): return .settled(record.status, version: record.version)
            case .failure(let rejection): return .rejected(rejection)
            }
        }
    }

    mutating func heartbeat(
        _ attempts: [AttemptID], lease: Duration, at now: Timestamp
    ) -> [HeartbeatOutcome] {
        attempts.map { attempt in
            switch take(.heartbeat(attempt.token, lease: lease), attempt.taskID, at: now) {
            case .success(let record): record.cancelRequestedAt == nil ? .held : .cancelRequested
            case .failure: .lost
            }
        }
    }

    mutating func report(_ reports: [ProgressReport], at now: Timestamp) {
        for report in reports {
            _ = take(.progress(report.attempt.token, report.progress), report.attempt.taskID, at: now)
        }
    }

    mutating func cancel(_ ids: [TaskID], grace: Duration, at now: Timestamp) -> [ChangeOutcome] {
        ids.map { change(take(.cancel(grace: grace), $0, at: now), $0) }
    }

    mutating func requeue(_ ids: [TaskID], at now: Timestamp) -> [ChangeOutcome] {
        ids.map { id in
            let before = records[id]
            let outcome = take(.requeue, id, at: now)
            if case .success(let record) = outcome, let key = record.uniqueKey,
                records.values.contains(where: {
                    $0.uniqueKey == key && $0.type == record.type && !$0.status.isFinal && $0.id != id
                })
            {
                records[id] = before
                return .rejected(.uniqueKeyTaken, before)
            }
            return change(outcome, id)
        }
    }

    /// Adjusts for a set clock: remaining waits stay the same, except for those until a given time.
    mutating func rebase(by step: Duration) {
        for (id, record) in records {
            var record = record
            switch (record.status, record.pendingReason) {
            case (.processing, _):
                guard var lease = record.lease else { continue }
                lease.expiresAt = lease.expiresAt + step
                lease.deadline = lease.deadline.map { $0 + step }
                record.lease = lease
            case (.pending, .scheduled):
                if givenRunAts[id] != record.runAt { record.runAt = record.runAt + step }
            case (.pending, _):
                record.queueDeadline = record.queueDeadline.map { $0 + step }
            default: break
            }
            records[id] = record
        }
    }

    mutating func removeTypes(_ types: [String], evenIfSet: Bool) -> [TypeRemoval] {
        types.map { type in
            if records.values.contains(where: { $0.type == type }) { return .hasTasks }
            let isSet = limits[type] != nil || paused.contains(type)
            if isSet, !evenIfSet { return .isSet }
            limits[type] = nil
            paused.remove(type)
            return .removed
        }
    }

    // MARK: - Parts of verbs

    /// Takes one step of one task.
    mutating func take(
        _ transition: TaskTransition, _ id: TaskID, at now: Timestamp
    ) -> Result<TaskRecord, TransitionRejection> {
        guard let record = records[id] else { return .failure(.notFound) }
        var machine = TaskStateMachine(record)
        do throws(TransitionRejection) {
            try machine.apply(transition, at: now)
        } catch {
            return .failure(error)
        }
        records[id] = machine.record
        return .success(machine.record)
    }

    private func change(
        _ outcome: Result<TaskRecord, TransitionRejection>, _ id: TaskID
    ) -> ChangeOutcome {
        switch outcome {
        case .success(let record): .changed(record)
        case .failure(let rejection): .rejected(rejection, records[id])
        }
    }

    private func holder(of uniqueKey: String, type: String) -> TaskRecord? {
        records.values.first { $0.uniqueKey == uniqueKey && $0.type == type && !$0.status.isFinal }
    }

    // MARK: - Queries

    /// Whether type and key have a free slot for `record`.
    func isFree(_ record: TaskRecord) -> Bool {
        guard !paused.contains(record.type) else { return false }
        if let limit = limits[record.type], held(type: record.type) >= limit { return false }
        return hasToken(record)
    }

    /// Whether the record's key, if it has one, has a free token.
    func hasToken(_ record: TaskRecord) -> Bool {
        guard let concurrency = record.concurrency else { return true }
        return held(key: concurrency.key) < concurrency.limit
    }

    func held(key: String) -> Int {
        records.values.count { $0.status == .processing && $0.concurrency?.key == key }
    }

    func held(type: String) -> Int {
        records.values.count { $0.status == .processing && $0.type == type }
    }

    /// The tasks due at `now`.
    func due(at now: Timestamp) -> [TaskRecord] {
        records.values.filter { ($0.dueAt ?? .distantFuture) <= now }
    }

    var nextDue: Timestamp? { records.values.compactMap(\.dueAt).min() }

    func page(_ query: TaskQuery) -> TaskPage {
        query.page(of: records.values)
    }
}

extension TaskQuery {
    /// The page of these tasks, none of which is large.
    func page(of tasks: some Sequence<TaskRecord>) -> TaskPage {
        let matches = tasks.filter(matches).sorted { $0.id > $1.id }
        let rest = matches.filter { task in after.map { task.id < $0.last } ?? true }.dropFirst(offset)
        let shown = Array(rest.prefix(limit))
        let next = rest.count > limit ? shown.last.map { TaskCursor(last: $0.id) } : nil
        return TaskPage(tasks: shown, total: matches.count, next: next)
    }
}

extension TaskRecord {
    var isReady: Bool { state.pendingReason == .ready }
    var isParked: Bool { state.pendingReason == .parked }
}

extension Timestamp {
    static let distantFuture = Timestamp(milliseconds: .max)
}
