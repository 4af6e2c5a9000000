import XQueueCore

/// Reads and changes the stored schedules.
struct ScheduleEditor: Sendable {
    /// How often a change is tried again if others change the schedule at the same time.
    private static let maxAttempts = 20

    /// Who changes a schedule.
    enum Owner {
        case api
        case file(revision: Int)
    }

    let store: any Store
    /// The time by the store's clock.
    let now: @Sendable () -> Timestamp
    let random: any RandomSource

    // MARK: - Reading

    func record(_ name: String) async throws(QueueError) -> ScheduleRecord? {
        try await QueueError.wrapping { () async throws(StoreError) in try await store.schedule(name) }
    }

    func report(_ name: String) async throws(QueueError) -> ScheduleReport? {
        let record = try await record(name)
        guard let record else { return nil }
        return try await report(record)
    }

    /// A page of the store, which may have fewer schedules than `limit` although more follow, and the name to go on after.
    func reports(
        after name: String?, limit: Int, where isWanted: (String) -> Bool = { _ in true }
    ) async throws(QueueError) -> (reports: [ScheduleReport], next: String?) {
        let records = try await QueueError.wrapping { () async throws(StoreError) in
            try await store.schedules(after: name, limit: limit)
        }
        var reports: [ScheduleReport] = []
        for record in records {
            // One that cannot be read does not hide the others; the node that would fire it logs an error.
            guard let stored = try? StoredSchedule(record), isWanted(stored.definition.type) else { continue }
            reports.append(try await report(record))
        }
        return (reports, records.count < limit ? nil : records.last?.name)
    }

    private func report(_ record: ScheduleRecord) async throws(QueueError) -> ScheduleReport {
        var stored = try StoredSchedule(record)
        try await QueueError.wrapping { () async throws(StoreError) in try await stored.judge(store.task) }
        return stored.report
    }

    // MARK: - Changing

    func set(
        _ schedule: Schedule, _ definition: TaskDefinition, version: Int?, owner: Owner
    ) async throws(QueueError) -> (report: ScheduleReport, isNew: Bool) {
        var isNew = false
        let report = try await change(schedule.name, version: version, creates: true) {
            old throws(QueueError) in
            isNew = old == nil
            var new = StoredSchedule(
                schedule, definition, createdAt: now(), salt: random.next())
            if let old {
                switch owner {
                case .api: try Self.checkOwner(of: old)
                case .file(let revision):
                    // Somebody was faster.
                    guard old.source == .file, old.fileRevision <= revision else { return nil }
                }
                new.salt = old.salt
                new.activity = old.activity
                if !old.isSame(schedule, definition) { new.activity.failures = 0 }
                new.revision = old.revision
            }
            if case .file(let revision) = owner { (new.source, new.fileRevision) = (.file, revision) }
            let ticks = try ScheduleTicks(schedule.timing, name: schedule.name)
            // One whose times stay the same keeps a tick that is due right now: a deploy does not lose it.
            let isMoved = old.map { !$0.schedule.hasTimes(of: schedule) || $0.nextTick == nil } ?? true
            if !new.isExhausted {
                new.nextTick = isMoved ? schedule.firstTick(ticks, after: now()) : old?.nextTick
            }
            return new
        }
        return (report, isNew)
    }

    func pause(_ name: String, reason: String) async throws(QueueError) -> ScheduleReport {
        try await change(name) { old throws(QueueError) in
            guard var schedule = old else { throw Self.noSchedule(name) }
            schedule.activity.pauseReason = reason
            schedule.dropWaitingTick()
            return schedule
        }
    }

    func resume(_ name: String, at now: Timestamp) async throws(QueueError) -> ScheduleReport {
        try await change(name) { old throws(QueueError) in
            guard var schedule = old else { throw Self.noSchedule(name) }
            guard schedule.activity.pauseReason != nil else { return nil }
            let ticks = try ScheduleTicks(schedule.schedule.timing, name: name)
            schedule.activity.pauseReason = nil
            schedule.activity.failures = 0
            schedule.nextTick = schedule.isExhausted ? nil : schedule.schedule.firstTick(ticks, after: now)
            return schedule
        }
    }

    func remove(_ name: String, version: Int?, owner: Owner) async throws(QueueError) {
        for _ in 0..<Self.maxAttempts {
            let record = try await record(name)
            guard let record else { throw Self.noSchedule(name) }
            // One that cannot be read can be removed.
            if let stored = try? StoredSchedule(record) {
                if let version, version != stored.revision { throw Self.conflict(stored) }
                switch owner {
                case .api: try Self.checkOwner(of: stored)
                case .file(let revision):
                    guard stored.source == .file, stored.fileRevision < revision else { return }
                }
            }
            let outcome = try await QueueError.wrapping { () async throws(StoreError) in
                try await store.removeSchedule(name, version: record.version)
            }
            if case .removed = outcome { return }
        }
        throw Self.busy(name)
    }

    private func change(
        _ name: String, version: Int? = nil, creates: Bool = false,
        _ body: (StoredSchedule?) throws(QueueError) -> StoredSchedule?
    ) async throws(QueueError) -> ScheduleReport {
        for _ in 0..<Self.maxAttempts {
            let record = try await record(name)
            var old: StoredSchedule?
            if let record {
                // One that cannot be read may be replaced.
                do throws(QueueError) { old = try StoredSchedule(record) } catch {
                    guard creates else { throw error }
                }
            }
            if let version, version != old?.revision ?? 0 {
                throw old.map(Self.conflict)
                    ?? QueueError(.versionConflict, "there is no schedule \(name) of version \(version)")
            }
            // What has failed until now must not count after the change.
            if old != nil {
                try await QueueError.wrapping { () async throws(StoreError) in
                    try await old?.judge(store.task)
                }
            }
            // Nothing to change.
            guard var new = try body(old) else {
                if let record { return try await report(record) }
                throw Self.noSchedule(name)
            }
            new.version = record?.version ?? 0
            new.revision += 1
            let saved = new
            let outcome = try await QueueError.wrapping { () async throws(StoreError) in
                try await store.save(saved.record, firing: [], events: saved.events)
            }
            guard case .saved = outcome else { continue }
            return new.report
        }
        throw Self.busy(name)
    }

    // MARK: - Errors

    private static func checkOwner(of schedule: StoredSchedule) throws(QueueError) {
        guard schedule.source == .file else { return }
        throw QueueError(
            .ownedByFile, "the schedule \(schedule.schedule.name) is in the configuration file: edit it there"
        )
    }

    static func noSchedule(_ name: String) -> QueueError {
        QueueError(.notFound, "no such schedule: \(name.truncated(toBytes: ModelLimits.keyBytes))")
    }

    private static func busy(_ name: String) -> QueueError {
        QueueError(.versionConflict, "the schedule \(name) is being changed by others; try again")
    }

    private static func conflict(_ schedule: StoredSchedule) -> QueueError {
        QueueError(
            .versionConflict,
            "the schedule \(schedule.schedule.name) has version \(schedule.revision): it was changed meanwhile"
        )
    }
}
