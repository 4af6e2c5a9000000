public import XQueueCore

extension SQLiteStore {
    public func save(
        _ schedule: ScheduleRecord, firing tasks: [NewTask], events: [ScheduleEvent]
    ) async throws(StoreError) -> ScheduleOutcome {
        try await writer.run { try $0.save(schedule, firing: tasks, events: events) }
    }

    public func removeSchedule(_ name: String, version: Int?) async throws(StoreError) -> ScheduleOutcome {
        try await writer.run { try $0.removeSchedule(name, version: version) }
    }

    public func schedule(_ name: String) async throws(StoreError) -> ScheduleRecord? {
        try await read { db in
            let statement = try PreparedStatement(
                cachedBy: db, "SELECT \(ScheduleColumns.names) FROM schedules WHERE name = ?")
            statement.bind(1, name)
            return try statement.schedules(db).first
        }
    }

    public func schedules(after name: String?, limit: Int) async throws(StoreError) -> [ScheduleRecord] {
        try await read { db in
            let statement = try PreparedStatement(
                cachedBy: db,
                "SELECT \(ScheduleColumns.names) FROM schedules WHERE name > ? ORDER BY name LIMIT ?")
            // No name is empty.
            statement.bind(1, name ?? "")
            statement.bind(2, limit)
            return try statement.schedules(db)
        }
    }

    public func dueSchedules(limit: Int) async throws(StoreError) -> DueSchedules {
        let now = clock.now()
        return try await read { db in
            let due = try PreparedStatement(
                cachedBy: db,
                """
                SELECT \(ScheduleColumns.names) FROM schedules WHERE due_at IS NOT NULL AND due_at <= ?
                ORDER BY due_at, name LIMIT ?
                """)
            due.bind(1, now)
            due.bind(2, limit)
            let schedules = try due.schedules(db)
            let next = try PreparedStatement(
                cachedBy: db, "SELECT min(due_at) FROM schedules WHERE due_at IS NOT NULL")
            defer { next.reset() }
            let nextDue = try next.step(db) ? next.time(0) : nil
            return DueSchedules(
                schedules: schedules, now: now, nextDueIn: nextDue.map { max($0 - now, .zero) })
        }
    }
}
