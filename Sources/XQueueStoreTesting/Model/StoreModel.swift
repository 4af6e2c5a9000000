import XQueueCore

/// What a store should hold, implemented as simply as possible: a dictionary, sorted when order matters.
///
/// Every step goes through the pure ``TaskStateMachine``. Which tasks are parked is not predicted, but checked
/// and adopted from the store: see ``StoreModel/adopt(_:)``.
struct StoreModel {
    var records: [TaskID: TaskRecord] = [:]
    var limits: [String: Int] = [:]
    var paused: Set<String> = []
    var uniqueKeys = UniqueKeys()
    var schedules: [String: ScheduleRecord] = [:]
    /// What schedules did, in order.
    var scheduleEvents: [ScheduleEvent] = []
    /// Due times of tasks that were submitted with a time.
    private var givenRunAts: [TaskID: Timestamp] = [:]

    // MARK: - Verbs

    mutating func insert(_ tasks: [NewTask], at now: Timestamp) -> [InsertOutcome] {
        tasks.map { insert($0, at: now) }
    }

    private mutating func insert(_ task: NewTask, at now: Timestamp) -> InsertOutcome {
        if let known = records[task.id] { return .existing(known) }
        guard let entry = uniqueKeys.entry(for: task.definition, at: now), let holder = entry.holder,
            let holder = records[holder]
        else {
            let record = insertNew(task, isBlocked: false, at: now)
            uniqueKeys.take(record, at: now)
            return .inserted(record)
        }
        switch task.onConflict.resolution(
            holder: holder, next: entry.next.flatMap { records[$0] }, type: task.type)
        {
        case .existing(let record): return .existing(record)
        case .conflict(let record): return .conflict(record)
        case .follow:
            let record = insertNew(task, isBlocked: true, at: now)
            uniqueKeys.follow(record)
            return .inserted(record)
        case .rewrite(let record):
            _ = rewrite(task.rewrite(of: record, at: now), at: now)
            return .replaced(records[record.id] ?? record)
        }
    }

    private mutating func insertNew(_ task: NewTask, isBlocked: Bool, at now: Timestamp) -> TaskRecord {
        let record = TaskStateMachine.submit(task, at: now, isBlocked: isBlocked)
        records[task.id] = record
        if task.schedule.isGiven { givenRunAts[task.id] = record.runAt }
        return record
    }

    /// What an unlimited claim would hand out; changes nothing.
    func claimable(_ request: ClaimRequest, at now: Timestamp) -> [TaskRecord] {
        var model = self
        var claimed: [TaskRecord] = []
        let candidates = StoreConformance.inOrder(Array(records.values.filter(\.isReady)))
        for (index, share) in request.shares.enumerated() {
            var wanted = share.count
            for candidate in candidates where wanted > 0 {
                guard share.types.contains(candidate.type), model.isFree(candidate) else { continue }
                let grant = request.grant(claimed.count, to: index)
                guard case .success(let record) = model.take(.claim(grant), candidate.id, at: now) else {
                    continue
                }
                claimed.append(record)
                wanted -= 1
            }
        }
        return claimed
    }

    /// A claim has handed out the task.
    mutating func start(_ record: TaskRecord, at now: Timestamp) {
        records[record.id] = record
        if let freed = uniqueKeys.moved(record, at: now) { _ = take(.unblock, freed, at: now) }
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
        ids.map { changeKey($0, .requeue, at: now) }
    }

    mutating func rewrite(_ rewrite: TaskRewrite, at now: Timestamp) -> ChangeOutcome {
        let outcome = changeKey(rewrite.id, .rewrite(rewrite), at: now)
        if case .changed(let record) = outcome, let schedule = rewrite.schedule {
            givenRunAts[rewrite.id] = schedule.isGiven ? record.runAt : nil
        }
        return outcome
    }

    /// Takes a step after which the task may hold another key than before, unless another task has it.
    private mutating func changeKey(
        _ id: TaskID, _ transition: TaskTransition, at now: Timestamp
    ) -> ChangeOutcome {
        guard let before = records[id] else { return .rejected(.notFound, nil) }
        var machine = TaskStateMachine(before)
        do throws(TransitionRejection) {
            try machine.apply(transition, at: now)
        } catch {
            return .rejected(error, before)
        }
        if uniqueKeys.forbids(machine.record, after: before, at: now) {
            return .rejected(.uniqueKeyTaken, before)
        }
        return change(take(transition, id, at: now), id)
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
            case (.pending, .scheduled), (.pending, .blocked):
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

    mutating func remove(_ record: TaskRecord) {
        records[record.id] = nil
        uniqueKeys.removed(record)
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
        moveKey(of: machine.record, from: record, by: transition, at: now)
        return .success(records[id] ?? machine.record)
    }

    private func change(
        _ outcome: Result<TaskRecord, TransitionRejection>, _ id: TaskID
    ) -> ChangeOutcome {
        switch outcome {
        case .success(let record): .changed(record)
        case .failure(let rejection): .rejected(rejection, records[id])
        }
    }

    /// Moves the unique key of a task that took a step, and unblocks who waited for it.
    private mutating func moveKey(
        of record: TaskRecord, from old: TaskRecord, by transition: TaskTransition, at now: Timestamp
    ) {
        var freed: [TaskID] = []
        switch transition {
        case .rewrite: freed = uniqueKeys.rewritten(record, from: old.definition, at: now)
        case .requeue: uniqueKeys.take(record, at: now)
        default:
            if record.status != old.status { freed = uniqueKeys.moved(record, at: now).map { [$0] } ?? [] }
        }
        for id in freed { _ = take(.unblock, id, at: now) }
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
