import XQueueCore

extension WriteSession {
    /// Moves what is waited for by as much as the clock was set, so that nobody waits longer or shorter for it: leases and
    /// deadlines of attempts, queue timeouts, back-offs and delays.
    ///
    /// A `run_at` that was given as a time of day stays: that is what the clock was set for. What has happened keeps its
    /// dates, too.
    func rebase(by step: Duration) throws {
        let changes = [
            """
            UPDATE tasks SET due_at = due_at + ?1, lease_deadline = lease_deadline + ?1 WHERE status = 1
            """,
            """
            UPDATE tasks SET due_at = due_at + ?1
            WHERE status = 0 AND reason <> 1 AND due_at IS NOT NULL
            """,
            """
            UPDATE tasks SET due_at = due_at + ?1, run_at = run_at + ?1
            WHERE status = 0 AND reason = 1 AND run_at IS NOT given_run_at
            """,
        ]
        for change in changes {
            let statement = try PreparedStatement(db, change)
            statement.bind(1, step.wholeMilliseconds)
            try statement.run(db)
        }
        forgetActive()
        // Whoever waits for the next due time looks again.
        effects.due(at: now)
    }
}
