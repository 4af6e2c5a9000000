import XQueueCore

/// Each kind of step writes only the columns it can change, and touches no other index.
extension WriteSession {
    func saveClaim(_ task: StoredTask) throws {
        let record = task.record
        let statement = try statement(
            .saveClaim,
            """
            UPDATE tasks SET status = 1, reason = ?, due_at = ?, version = ?, updated_at = ?,
                started_at = ?, lease_token = ?, lease_deadline = ?, worker = ?, progress = NULL,
                progress_message = NULL
            WHERE seq = ?
            """)
        statement.bind(1, record.state.reasonCode.map { Int64($0) })
        statement.bind(2, record.dueAt)
        statement.bind(3, record.version)
        statement.bind(4, record.updatedAt)
        statement.bind(5, record.startedAt)
        statement.bind(6, record.lease?.token.rawValue)
        statement.bind(7, record.lease?.deadline)
        statement.bind(8, record.workerID)
        statement.bind(9, task.seq)
        try statement.run(db)
    }

    func saveState(_ task: StoredTask) throws {
        let record = task.record
        let statement = try statement(
            .saveState,
            """
            UPDATE tasks SET status = ?, reason = ?, due_at = ?, version = ?, retry_count = ?,
                updated_at = ?, run_at = ?, started_at = ?, completed_at = ?, cancel_requested_at = ?,
                lease_token = ?, lease_deadline = ?, progress = ?, progress_message = ?, error = ?,
                errors = ?, result = ?
            WHERE seq = ?
            """)
        statement.bind(1, record.status.code)
        statement.bind(2, record.state.reasonCode.map { Int64($0) })
        statement.bind(3, record.dueAt)
        statement.bind(4, record.version)
        statement.bind(5, record.retryCount)
        statement.bind(6, record.updatedAt)
        statement.bind(7, record.runAt)
        statement.bind(8, record.startedAt)
        statement.bind(9, record.completedAt)
        statement.bind(10, record.cancelRequestedAt)
        statement.bind(11, record.lease?.token.rawValue)
        statement.bind(12, record.lease?.deadline)
        statement.bind(13, record.progress?.percent)
        statement.bind(14, record.progress?.message)
        statement.bind(15, record.error)
        statement.bind(16, record.errors.stored)
        statement.bind(17, record.result?.text)
        statement.bind(18, task.seq)
        try statement.run(db)
    }

    func saveLease(_ task: StoredTask) throws {
        let statement = try statement(.saveLease, "UPDATE tasks SET due_at = ? WHERE seq = ?")
        statement.bind(1, task.record.dueAt)
        statement.bind(2, task.seq)
        try statement.run(db)
    }

    func saveProgress(_ task: StoredTask) throws {
        let statement = try statement(
            .saveProgress,
            "UPDATE tasks SET progress = ?, progress_message = ?, updated_at = ? WHERE seq = ?")
        statement.bind(1, task.record.progress?.percent)
        statement.bind(2, task.record.progress?.message)
        statement.bind(3, task.record.updatedAt)
        statement.bind(4, task.seq)
        try statement.run(db)
    }

    func saveUnblocking(_ task: StoredTask) throws {
        let statement = try statement(
            .saveUnblocking, "UPDATE tasks SET reason = ?, due_at = ?, run_at = ? WHERE seq = ?")
        statement.bind(1, task.record.pendingReason.map { Int64($0.code) })
        statement.bind(2, task.record.dueAt)
        statement.bind(3, task.record.runAt)
        statement.bind(4, task.seq)
        try statement.run(db)
    }

    func saveReason(_ task: StoredTask) throws {
        let statement = try statement(.saveReason, "UPDATE tasks SET reason = ? WHERE seq = ?")
        statement.bind(1, task.record.pendingReason.map { Int64($0.code) })
        statement.bind(2, task.seq)
        try statement.run(db)
    }
}
