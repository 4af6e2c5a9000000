import XQueueCore

extension WriteSession {
    func sweep(limit: Int, draw: SweepDraw) throws -> SweepResult {
        let due = try statement(
            .due,
            """
            SELECT \(TaskColumns.light) FROM tasks WHERE due_at IS NOT NULL AND due_at <= ?
            ORDER BY due_at LIMIT ?
            """)
        due.bind(1, now)
        due.bind(2, limit)
        let tasks = try readAll(due)
        for task in tasks { try step(task, .expire(draw: draw.draw(for: task.record.id))) }
        return SweepResult(
            changed: tasks.count, nextDueIn: try nextDue().map { max($0 - now, .zero) },
            nextScheduleIn: try nextSchedule().map { max($0 - now, .zero) })
    }

    private func nextDue() throws -> Timestamp? {
        let statement = try statement(.nextDue, "SELECT min(due_at) FROM tasks WHERE due_at IS NOT NULL")
        defer { statement.reset() }
        return try statement.step(db) ? statement.time(0) : nil
    }

    private func nextSchedule() throws -> Timestamp? {
        let statement = try statement(
            .nextSchedule, "SELECT min(due_at) FROM schedules WHERE due_at IS NOT NULL")
        defer { statement.reset() }
        return try statement.step(db) ? statement.time(0) : nil
    }

    /// Ends every attempt of the process that last had the store open, whatever its lease says: that process is
    /// gone. Attempts of remote workers continue, and keep their leases.
    func recoverAttempts(draw: SweepDraw) throws -> Int {
        let running = try PreparedStatement(
            db, "SELECT \(TaskColumns.light) FROM tasks WHERE status = 1 ORDER BY id")
        let tasks = try readAll(running).filter { $0.record.lease?.isRemote != true }
        for var task in tasks {
            if let lease = task.record.lease {
                // The same outcome as for a lease that expired just now, even before its deadline.
                task.record.lease?.expiresAt = min(lease.expiresAt, now)
            }
            try step(task, .expire(draw: draw.draw(for: task.record.id)))
        }
        return tasks.count
    }
}
