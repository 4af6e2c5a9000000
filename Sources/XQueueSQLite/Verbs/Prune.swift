import XQueueCore

extension WriteSession {
    func prune(_ retention: Retention, limit: Int) throws -> Int {
        try events.prune(self)
        let time = now + (.zero - retention.age)
        var tooOld = try oddEnds(before: time, limit: limit)
        for task in tooOld { try remove(task) }
        let others = try ended(before: time, limit: limit - tooOld.count)
        for task in others { try remove(task) }
        tooOld += others
        guard tooOld.count < limit else { return tooOld.count }
        let finished = catalog.finished
        let excess = min(finished - retention.count, limit - tooOld.count)
        guard excess > 0 else { return tooOld.count }
        let oldest = try oldestEnded(limit: excess)
        for task in oldest { try remove(task) }
        return tooOld.count + oldest.count
    }

    private struct Ended {
        let seq: Int64
        let type: Int64
        let status: TaskStatus
        let id: TaskID
    }

    /// Records that a task ended before the time in its identifier.
    func noteOddEnd(_ seq: Int64, at end: Timestamp) throws {
        let statement = try statement(
            .noteOddEnd, "INSERT OR IGNORE INTO odd_ends (completed_at, task) VALUES (?, ?)")
        statement.bind(1, end)
        statement.bind(2, seq)
        try statement.run(db)
    }

    /// The tasks that ended before `time`, and before the time in their own identifiers.
    private func oddEnds(before time: Timestamp, limit: Int) throws -> [Ended] {
        var tasks: [Ended] = []
        while tasks.count < limit {
            guard let more = try oddLines(before: time, limit: limit - tasks.count) else { break }
            tasks += more
        }
        return tasks
    }

    /// The tasks of up to `limit` rows, some of which may be obsolete; nil if there are no rows.
    private func oddLines(before time: Timestamp, limit: Int) throws -> [Ended]? {
        let statement = try PreparedStatement(
            cachedBy: db,
            """
            DELETE FROM odd_ends WHERE (completed_at, task) IN
                (SELECT completed_at, task FROM odd_ends WHERE completed_at < ? ORDER BY completed_at LIMIT ?)
            RETURNING task, completed_at
            """)
        statement.bind(1, time)
        statement.bind(2, limit)
        var lines: [(task: Int64, end: Timestamp)] = []
        do {
            defer { statement.reset() }
            while try statement.step(db) {
                lines.append((statement.integer(0), Timestamp(milliseconds: statement.integer(1))))
            }
        }
        guard !lines.isEmpty else { return nil }
        return try lines.compactMap { line -> Ended? in
            let statement = try PreparedStatement(
                cachedBy: db, "SELECT seq, type, id, status FROM tasks WHERE seq = ? AND completed_at = ?")
            statement.bind(1, line.task)
            statement.bind(2, line.end)
            defer { statement.reset() }
            guard try statement.step(db), let id = statement.taskID(2),
                let status = TaskStatus(code: Int(statement.integer(3))), status.isFinal
            else { return nil }
            return Ended(seq: statement.integer(0), type: statement.integer(1), status: status, id: id)
        }
    }

    /// A task that ended before `time` has an identifier below that time's, unless it is in `odd_ends`, so the
    /// scan of the index over status and identifier can stop there.
    private func ended(before time: Timestamp, limit: Int) throws -> [Ended] {
        var tasks: [Ended] = []
        for status in TaskStatus.allCases where status.isFinal && tasks.count < limit {
            let statement = try PreparedStatement(
                cachedBy: db,
                """
                SELECT seq, type, id FROM tasks
                WHERE status = \(status.code) AND id < ? AND completed_at < ? ORDER BY id LIMIT ?
                """)
            statement.bind(1, TaskID.lowest(at: time))
            statement.bind(2, time)
            statement.bind(3, limit - tasks.count)
            tasks += try read(statement, status)
        }
        return tasks
    }

    /// The ended tasks that were created first.
    private func oldestEnded(limit: Int) throws -> [Ended] {
        var tasks: [Ended] = []
        for status in TaskStatus.allCases where status.isFinal {
            let statement = try PreparedStatement(
                cachedBy: db,
                "SELECT seq, type, id FROM tasks WHERE status = \(status.code) ORDER BY id LIMIT ?")
            statement.bind(1, limit)
            tasks += try read(statement, status)
        }
        return Array(tasks.sorted { $0.id < $1.id }.prefix(limit))
    }

    private func read(_ statement: PreparedStatement, _ status: TaskStatus) throws -> [Ended] {
        defer { statement.reset() }
        var tasks: [Ended] = []
        while try statement.step(db) {
            guard let id = statement.taskID(2) else { continue }
            tasks.append(
                Ended(seq: statement.integer(0), type: statement.integer(1), status: status, id: id))
        }
        return tasks
    }

    private func remove(_ task: Ended) throws {
        try deleteLargePayload(of: task.seq)
        try forgetKey(of: task.seq)
        let row = try statement(.delete, "DELETE FROM tasks WHERE seq = ?")
        row.bind(1, task.seq)
        try row.run(db)
        catalog.move(task.type, from: task.status, to: nil)
    }
}
