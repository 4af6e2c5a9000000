import XQueueCore

/// A token of a key is simply a processing task with that key; nothing else is taken or returned.
///
/// `status <= 1` accompanies narrower conditions because the planner uses a partial index only for a query that
/// repeats the index's own condition; next to `status = 1` it would make the planner read all unfinished tasks
/// of the key, so a range is used there.
extension WriteSession {
    func tokensHeld(_ key: String) throws -> Int {
        let statement = try statement(
            .keyHeld,
            "SELECT count(*) FROM tasks INDEXED BY tasks_key WHERE key = ? AND status >= 1 AND status <= 1")
        statement.bind(1, key)
        return try count(statement)
    }

    /// Makes parked tasks of the key ready: for each type the best ones, as many as the key has free tokens
    /// that no better ready task of the type will take.
    ///
    /// Each type separately, since the next workers may not serve the best task's type; and each limit
    /// separately, since a task with a small limit must not hold up one with a larger. The largest limit comes
    /// first, so that the tasks it makes ready count for the smaller ones after them.
    func refill(_ key: String) throws {
        var held: Int?
        var type: Int64 = 0
        while let nextType = try parkedType(key, after: type) {
            type = nextType
            let inUse = try held ?? tokensHeld(key)
            held = inUse
            var limit = Int.max
            while let nextLimit = try parkedLimit(key, type, below: limit, above: inUse) {
                limit = nextLimit
                while let best = try bestParked(key, type, limit: limit),
                    try ready(before: best, atMost: limit - inUse) < limit - inUse
                {
                    try step(best, .unpark)
                }
            }
        }
    }

    private func parkedType(_ key: String, after type: Int64) throws -> Int64? {
        let statement = try statement(
            .keyParkedType,
            """
            SELECT type FROM tasks INDEXED BY tasks_parked
            WHERE key = ? AND status = 0 AND reason = 2 AND type > ?
            ORDER BY type LIMIT 1
            """)
        statement.bind(1, key)
        statement.bind(2, type)
        defer { statement.reset() }
        return try statement.step(db) ? statement.integer(0) : nil
    }

    private func parkedLimit(
        _ key: String, _ type: Int64, below limit: Int, above least: Int
    ) throws -> Int? {
        let statement = try statement(
            .keyParkedLimit,
            """
            SELECT key_limit FROM tasks INDEXED BY tasks_parked
            WHERE key = ? AND status = 0 AND reason = 2 AND type = ?
                AND key_limit < ? AND key_limit > ?
            ORDER BY key_limit DESC LIMIT 1
            """)
        statement.bind(1, key)
        statement.bind(2, type)
        statement.bind(3, limit)
        statement.bind(4, least)
        defer { statement.reset() }
        return try statement.step(db) ? Int(statement.integer(0)) : nil
    }

    private func bestParked(_ key: String, _ type: Int64, limit: Int) throws -> StoredTask? {
        let statement = try statement(
            .keyBestParked,
            """
            SELECT \(TaskColumns.light) FROM tasks INDEXED BY tasks_parked
            WHERE key = ? AND status = 0 AND reason = 2 AND type = ? AND key_limit = ?
            ORDER BY priority DESC, id LIMIT 1
            """)
        statement.bind(1, key)
        statement.bind(2, type)
        statement.bind(3, limit)
        return try readAll(statement).first
    }

    /// Number of ready tasks of the same key and type that come before `task`, counted up to `limit`.
    private func ready(before task: StoredTask, atMost limit: Int) throws -> Int {
        guard limit > 0, let key = task.record.concurrency?.key else { return 0 }
        let above = try statement(
            .keyReadyAbove,
            """
            SELECT count(*) FROM (SELECT 1 FROM tasks INDEXED BY tasks_key
                WHERE key = ? AND status = 0 AND status <= 1 AND reason = 0 AND type = ? AND priority > ? LIMIT ?)
            """)
        above.bind(1, key)
        above.bind(2, task.typeID)
        above.bind(3, Int(task.record.priority))
        above.bind(4, limit)
        let beside = try statement(
            .keyReadyBeside,
            """
            SELECT count(*) FROM (SELECT 1 FROM tasks INDEXED BY tasks_key
                WHERE key = ? AND status = 0 AND status <= 1 AND reason = 0 AND type = ? AND priority = ? AND id < ?
                LIMIT ?)
            """)
        beside.bind(1, key)
        beside.bind(2, task.typeID)
        beside.bind(3, Int(task.record.priority))
        beside.bind(4, task.record.id)
        beside.bind(5, limit)
        return try count(above) + count(beside)
    }

    private func count(_ statement: PreparedStatement) throws -> Int {
        defer { statement.reset() }
        return try statement.step(db) ? Int(statement.integer(0)) : 0
    }
}
