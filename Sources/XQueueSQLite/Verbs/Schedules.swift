import GRDB
import XQueueCore
import XQueueStoreKit

extension WriteSession {
    func save(
        _ schedule: ScheduleRecord, firing tasks: [NewTask], events log: [ScheduleEvent]
    ) throws -> ScheduleOutcome {
        let stored = try loadSchedule(schedule.name)
        guard stored?.version ?? 0 == schedule.version else { return .conflict(stored) }
        // Without tasks no limit applies.
        let outcomes = tasks.isEmpty ? [] : try insert(tasks)
        let version = schedule.version + 1
        let statement = try statement(
            .saveSchedule,
            """
            INSERT INTO schedules (name, version, due_at, definition, state) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET version = excluded.version, due_at = excluded.due_at,
                definition = excluded.definition, state = excluded.state
            """)
        statement.bind(1, schedule.name)
        statement.bind(2, version)
        statement.bind(3, schedule.dueAt)
        statement.bind(4, schedule.definition.text)
        statement.bind(5, schedule.state.text)
        try statement.run(db)
        if let due = schedule.dueAt { effects.due(at: due) }
        for event in log { events.add(event, at: now) }
        return .saved(version: version, outcomes)
    }

    func removeSchedule(_ name: String, version: Int?) throws -> ScheduleOutcome {
        let stored = try loadSchedule(name)
        guard let stored, version == nil || version == stored.version else { return .conflict(stored) }
        let statement = try statement(.removeSchedule, "DELETE FROM schedules WHERE name = ?")
        statement.bind(1, name)
        try statement.run(db)
        return .removed
    }

    private func loadSchedule(_ name: String) throws -> ScheduleRecord? {
        let statement = try statement(
            .loadSchedule, "SELECT \(ScheduleColumns.names) FROM schedules WHERE name = ?")
        statement.bind(1, name)
        defer { statement.reset() }
        return try statement.step(db) ? statement.schedule() : nil
    }
}

enum ScheduleColumns {
    static let names = "name, version, due_at, definition, state"
}

extension PreparedStatement {
    /// The schedule in the current row.
    func schedule() throws -> ScheduleRecord {
        guard let name = text(0), let definition = text(3), let state = text(4) else {
            throw StoreError(.corrupt, "a row of schedules lacks its name or content")
        }
        return ScheduleRecord(
            name: name, version: try StoredNumber.count(integer(1), in: "version of schedule \(name)"),
            dueAt: time(2), definition: RawJSON(trusted: definition), state: RawJSON(trusted: state))
    }

    /// All schedules that the statement returns.
    func schedules(_ db: Database) throws -> [ScheduleRecord] {
        defer { reset() }
        var schedules: [ScheduleRecord] = []
        while try step(db) { schedules.append(try schedule()) }
        return schedules
    }
}
