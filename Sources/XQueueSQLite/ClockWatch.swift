import XQueueCore

/// Notices when somebody sets the wall clock: it and the monotonic clock no longer go the same way then.
///
/// Time servers that only speed a clock up or slow it down do so to both, and are not noticed.
struct ClockWatch {
    /// Steps below this are left alone: nothing that is counted in seconds suffers from them.
    private static let tolerance = Duration.seconds(1)
    /// Two clocks are not read at once. If there is more than this between, they are read again.
    private static let longestReading = Duration.milliseconds(5)

    /// What the wall clock showed at some instant.
    private var anchor: (time: Timestamp, at: MonotonicInstant)

    init(_ clock: any QueueClock) {
        anchor = (clock.now(), clock.instant())
    }

    /// What time it is, and by how much the clock was set since the last ``accept(_:)``.
    func look(at clock: any QueueClock) -> (now: Timestamp, step: Duration) {
        for _ in 0..<10 {
            let before = clock.instant()
            let now = clock.now()
            let after = clock.instant()
            guard after - before <= Self.longestReading else { continue }
            let step = (now - anchor.time) - (after - anchor.at)
            let isStep = step >= Self.tolerance || step <= .zero - Self.tolerance
            return (now, isStep ? .milliseconds(step.wholeMilliseconds) : .zero)
        }
        // This process hardly runs; the next look will tell.
        return (clock.now(), .zero)
    }

    /// What was waited for has been set by `step`, too.
    mutating func accept(_ step: Duration) {
        anchor.time = anchor.time + step
    }
}

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
