import GRDB
public import XQueueCore
import XQueueStoreKit

extension SQLiteStore {
    public func now() async throws(StoreError) -> Timestamp { clock.now() }

    public func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try await read { db in
            let statement = try PreparedStatement(cachedBy: db, selectTask + "id = ?")
            statement.bind(1, id)
            return try record(statement, db)
        }
    }

    public func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage {
        try await read { db in
            let list = try TaskListQuery(query, db)
            // One by one: a single statement would make SQLite sort whole tasks, payloads included.
            let content = try PreparedStatement(cachedBy: db, selectTask + "seq = ?")
            var page = TaskPage(tasks: [], total: list.total)
            var bytes = 0
            var last: TaskCursor?
            for place in try list.places(db) {
                if let last, page.tasks.count >= query.limit || bytes > query.maxBytes {
                    page.next = last
                    break
                }
                last = TaskCursor(last: place.id)
                content.bind(1, place.seq)
                guard let task = try record(content, db) else { continue }
                bytes += task.contentBytes
                page.tasks.append(task)
            }
            return page
        }
    }

    public func types() async throws(StoreError) -> [TypeState] {
        try await read { db in try fetchTypes(db) }
    }

    public func statistics() async throws(StoreError) -> StoreStatistics {
        let now = clock.now()
        let instant = clock.instant()
        let (minute, history) = (flow.lastMinute(at: instant), flow.history(at: instant, date: now))
        return try await read { db in
            StoreStatistics(
                types: try fetchTypes(db),
                keys: try KeyStatistics.busiest(db),
                keysInUse: try KeyStatistics.inUse(db),
                oldestPendingAge: try oldestPending(db).map { now - $0 },
                lastMinute: minute, history: history)
        }
    }

    public func check() async throws(StoreError) {
        if let failure = failures.recent(at: clock.instant()) { throw failure }
        // A real write that changes nothing: it detects a full disk and a damaged file.
        try await writer.run { session in
            try session.db.execute(sql: "UPDATE types SET paused = paused WHERE id = 1")
            _ = try session.load(TaskID(high: 0, low: 0))
        }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try readers.enter()
        defer { readers.leave() }
        do {
            return try await database.read(body)
        } catch {
            let failure = StoreError(driver: error, path: path)
            // Cancellation by the caller is not a failure of the store.
            if !(error is CancellationError) { failures.failed(failure, at: clock.instant()) }
            throw failure
        }
    }
}

private let selectTask =
    "SELECT \(TaskColumns.names), (SELECT name FROM types WHERE types.id = tasks.type) FROM tasks WHERE "

/// The single task that `statement` finds.
private func record(_ statement: PreparedStatement, _ db: Database) throws -> TaskRecord? {
    defer { statement.reset() }
    guard try statement.step(db) else { return nil }
    return try statement.task(typeName: statement.text(TaskColumns.count) ?? "").record
}

private func fetchTypes(_ db: Database) throws -> [TypeState] {
    try Row.fetchAll(db, sql: "SELECT * FROM types ORDER BY name").map { try TypeState($0) }
}

/// Creation time of the oldest pending task that could start now but for a worker or a token; skips at most 10,000 scheduled or blocked
/// ones.
private func oldestPending(_ db: Database) throws -> Timestamp? {
    let milliseconds = try Int64.fetchOne(
        db,
        sql: """
            SELECT created_at FROM
                (SELECT created_at, reason, id FROM tasks WHERE status = 0 ORDER BY id LIMIT 10000)
            WHERE reason NOT IN (1, 4) LIMIT 1
            """)
    return milliseconds.map { Timestamp(milliseconds: $0) }
}
