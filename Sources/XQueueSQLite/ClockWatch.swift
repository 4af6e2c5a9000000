import XQueueCore

/// Detects when the wall clock is set: it then diverges from the monotonic clock.
///
/// Time servers that only speed up or slow down the clock affect both clocks, and go unnoticed.
struct ClockWatch {
    /// Smaller steps are ignored, since they do not matter for anything counted in seconds.
    private static let tolerance = Duration.seconds(1)
    /// The two clocks cannot be read at the same instant. If more time than this passes in between, they are
    /// read again.
    private static let maxReadingGap = Duration.milliseconds(5)

    /// The wall-clock time at some instant.
    private var anchor: (time: Timestamp, at: MonotonicInstant)

    init(_ clock: any QueueClock) {
        anchor = (clock.now(), clock.instant())
    }

    /// The current time, and by how much the clock was set since the last ``accept(_:)``.
    func read(_ clock: any QueueClock) -> (now: Timestamp, step: Duration) {
        for _ in 0..<10 {
            let before = clock.instant()
            let now = clock.now()
            let after = clock.instant()
            guard after - before <= Self.maxReadingGap else { continue }
            let step = (now - anchor.time) - (after - anchor.at)
            let isStep = step >= Self.tolerance || step <= .zero - Self.tolerance
            return (now, isStep ? .milliseconds(step.wholeMilliseconds) : .zero)
        }
        // The process hardly gets to run; leave it to the next reading.
        return (clock.now(), .zero)
    }

    /// Records that pending times have been moved by `step`, too.
    mutating func accept(_ step: Duration) {
        anchor.time = anchor.time + step
    }
}

extension WriteSession {
    /// Moves pending times by as much as the clock was set, so that waits get neither longer nor shorter:
    /// leases and deadlines of attempts, queue timeouts, back-offs and delays.
    ///
    /// A `run_at` that was given as a time stays: that is what the clock was set for. Past events keep their
    /// timestamps, too.
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
            WHERE status = 0 AND reason IN (1, 4) AND run_at IS NOT given_run_at
            """,
        ]
        for change in changes {
            let statement = try PreparedStatement(db, change)
            statement.bind(1, step.wholeMilliseconds)
            try statement.run(db)
        }
        forgetActive()
        // Wakes sweepers waiting for the next due time.
        effects.due(at: now)
    }
}
