import GRDB
import XQueueCore
import XQueueStoreKit

/// The writer's side of the event log: one row per transaction, and no more rows than the retention allows.
struct EventLogWriter {
    /// Maximum number of rows removed in one transaction, so that no caller waits long.
    private static let trimLimit = 256
    private static let pruneLimit = 4096

    private let retention: EventRetention
    private var batch = EventBatch()
    private var last: EventCursor
    /// The number of the oldest event in the log.
    private var first: Int64

    init(_ db: Database, retention: EventRetention) throws {
        self.retention = retention
        last = try EventLogReader.last(db)
        first = try EventLogReader.first(db)?.number ?? 1
    }

    var isEmpty: Bool { batch.count == 0 }

    mutating func add(_ change: TaskEvent.Change, of task: TaskRecord, at time: Timestamp) {
        guard retention.count > 0 else { return }
        batch.add(
            task.id,
            EventBatch.Head(
                timestamp: time, type: task.definition.type, workerID: task.state.workerID,
                metadata: task.definition.metadata, change: change))
    }

    mutating func add(_ event: ScheduleEvent, at time: Timestamp) {
        guard retention.count > 0 else { return }
        batch.add(
            event.taskID,
            EventBatch.Head(
                timestamp: time, type: event.type, workerID: nil, change: .schedule(event.change)))
    }

    /// Writes the added events as one row, whose time is never before the previous row's.
    mutating func flush(_ session: WriteSession) throws {
        guard !isEmpty else { return }
        let first = last.number + 1
        last = EventCursor(time: max(session.now, last.time), number: last.number + Int64(batch.count))
        let statement = try session.statement(
            .insertEvents, "INSERT INTO events (number, first_number, time, batch) VALUES (?, ?, ?, ?)")
        statement.bind(1, last.number)
        statement.bind(2, first)
        statement.bind(3, last.time)
        statement.bind(4, batch.bytes)
        try statement.run(session.db)
        batch.removeAll()
        if last.number - self.first >= Int64(retention.count + retention.count / 10) {
            try trim(session)
        }
    }

    /// Removes whole rows from the start, as long as enough events remain.
    private mutating func trim(_ session: WriteSession) throws {
        let statement = try session.statement(
            .trimEvents,
            """
            DELETE FROM events WHERE number <= ? AND number IN
                (SELECT number FROM events ORDER BY number LIMIT \(Self.trimLimit))
            RETURNING number
            """)
        statement.bind(1, last.number - Int64(retention.count))
        defer { statement.reset() }
        while try statement.step(session.db) { first = max(first, statement.integer(0).adding(clamped: 1)) }
    }

    /// Removes events that are too old, but not the newest row, which marks the end of the log.
    mutating func prune(_ session: WriteSession) throws {
        let statement = try session.statement(
            .pruneEvents,
            """
            DELETE FROM events WHERE time < ? AND number < ? AND number IN
                (SELECT number FROM events ORDER BY number LIMIT \(Self.pruneLimit))
            RETURNING number
            """)
        statement.bind(1, session.now + (.zero - retention.age))
        statement.bind(2, last.number)
        defer { statement.reset() }
        while try statement.step(session.db) { first = max(first, statement.integer(0).adding(clamped: 1)) }
    }
}
