package import XQueueCore

/// A step of one record.
package struct RecordChange: Sendable {
    /// Nil for a submission.
    package let old: TaskRecord?
    /// Nil if the record was pruned.
    package let new: TaskRecord?
}

/// What a ``ModelStore`` holds.
package struct ModelState: Sendable {
    /// The settings of a type.
    package struct TypeSetting: Sendable {
        package var limit: Int?
        package var isPaused = false
    }

    /// What a call leads to besides its reply.
    struct News {
        var signals: [StoreSignal] = []
        var changes: [RecordChange] = []
        var hasEvents = false
    }

    let limits: StoreLimits
    let keepsTokens: Bool
    let forgetsBlocked: Bool
    var records: [TaskID: TaskRecord] = [:]
    var uniqueKeys = UniqueKeys()
    var types: [String: TypeSetting] = [:]
    /// The times of tasks that were submitted with one.
    var givenRunAts: [TaskID: Timestamp] = [:]
    var log: ModelLog
    var flow = ModelFlow()
    var schedules: [String: ScheduleRecord] = [:]
    var sinks: [String: EventCursor] = [:]
    var note: String?
    var isClosed = false
    /// Tokens that were not given back: see ``ModelStore/init(clock:limits:keepsTokens:changed:)``.
    var keptTokens: [String: Int] = [:]
    var news = News()
    /// The earliest due time that was announced.
    private var announcedDue = Timestamp(milliseconds: .max)

    init(limits: StoreLimits, keepsTokens: Bool, forgetsBlocked: Bool) {
        self.limits = limits
        self.keepsTokens = keepsTokens
        self.forgetsBlocked = forgetsBlocked
        log = ModelLog(retention: limits.events)
    }

    /// When the next schedule is due.
    var nextSchedule: Timestamp? { schedules.values.compactMap(\.dueAt).min() }

    mutating func announce(_ signal: StoreSignal) {
        news.signals.append(signal)
    }

    /// Ends a call: returns what it leads to.
    mutating func takeNews(at now: Timestamp) -> News {
        if !news.changes.isEmpty {
            let due = records.values.lazy.compactMap(\.dueAt).min() ?? Timestamp(milliseconds: .max)
            if due < announcedDue { news.signals.append(.due(in: max(due - now, .zero))) }
            announcedDue = due
        }
        defer { news = News() }
        return news
    }

    // MARK: - Steps

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
        put(machine.record, replacing: record, at: now)
        moveKey(of: machine.record, from: record, by: transition, at: now)
        return .success(records[id] ?? machine.record)
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
        for id in freed where !forgetsBlocked { _ = take(.unblock, id, at: now) }
    }

    /// Stores a record, and notes what that means to others.
    mutating func put(_ record: TaskRecord, replacing old: TaskRecord?, at now: Timestamp) {
        records[record.id] = record
        news.changes.append(RecordChange(old: old, new: record))
        if let change = TaskEvent.change(from: old, to: record) { write(change, of: record, at: now) }
        flow.count(from: old, to: record, at: now)
        if record.pendingReason == .ready, old?.pendingReason != .ready { signalReady() }
        guard old?.status == .processing, record.status != .processing else { return }
        if keepsTokens, let key = record.concurrency?.key, record.errors.last?.kind == .leaseLost {
            keptTokens[key, default: 0] += 1
        }
        signalReady()
    }

    mutating func write(_ change: TaskEvent.Change, of record: TaskRecord, at now: Timestamp) {
        if log.write(change, of: record, at: now) { news.hasEvents = true }
    }

    mutating func write(_ event: ScheduleEvent, at now: Timestamp) {
        if log.write(event, at: now) { news.hasEvents = true }
    }

    /// Hints may be merged: one a call is enough.
    mutating func signalReady() {
        if !news.signals.contains(.ready) { news.signals.append(.ready) }
    }

    // MARK: - Types

    mutating func set(_ type: String, _ change: (inout TypeSetting) -> Void) {
        change(&types[type, default: TypeSetting()])
        signalReady()
    }

    mutating func remove(_ type: String, evenIfSet: Bool) -> TypeRemoval {
        guard let setting = types[type] else { return .notFound }
        if records.values.contains(where: { $0.type == type }) { return .hasTasks }
        if !evenIfSet, setting.limit != nil || setting.isPaused { return .isSet }
        types[type] = nil
        return .removed
    }

    // MARK: - Transfers

    mutating func adopt(_ copy: TaskCopy, at now: Timestamp) -> Adoption {
        let record = copy.record
        if let known = records[record.id] { return known == record ? .known : .differs }
        guard uniqueKeys.adopt(copy, at: now) else { return .uniqueKeyTaken }
        records[record.id] = record
        news.changes.append(RecordChange(old: nil, new: record))
        givenRunAts[record.id] = copy.givenRunAt
        types[record.type] = types[record.type] ?? TypeSetting()
        return .adopted
    }
}
