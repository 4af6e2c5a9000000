public import XQueueCore

/// A schedule as sent to a server: when it fires, and the task of each tick. Nil fields take the server's defaults.
public struct ScheduleDefinition: Sendable, Hashable {
    /// When it fires.
    public var timing: Timing
    /// The task that each tick submits, without identifier, delay and start.
    public var task: Submission
    /// What happens to a tick while the task of an earlier one is unfinished; nil = ``Overlap/skip``.
    public var overlap: Overlap?
    /// What happens to ticks that could not be fired in time; nil = ``CatchUp/last``.
    public var catchUp: CatchUp?
    /// Maximum age of ticks to catch up with; nil = a day.
    public var catchUpWindow: Duration?
    /// Maximum delay of a tick, 0 to 86,400 seconds. It is fixed and depends on the name, so that many schedules do not
    /// fire at once.
    public var jitter: Duration?
    /// Earliest tick.
    public var startsAt: Timestamp?
    /// Fires nothing from then on.
    public var endsAt: Timestamp?
    /// Number of ticks to fire before the schedule ends, from 1; nil = no limit.
    public var maxRuns: Int?
    /// Number of tasks in a row that may fail before the schedule is paused, 1 to 1000; nil = never pause.
    public var pauseAfterFailures: Int?

    /// Creates a schedule with the server's defaults.
    ///
    /// - Parameters:
    ///   - timing: When it fires.
    ///   - task: The task of each tick.
    public init(_ timing: Timing, task: Submission) {
        self.timing = timing
        self.task = task
    }

    /// What happens to a tick while the task of an earlier one is unfinished, retries included.
    public struct Overlap: RawRepresentable, Sendable, Hashable {
        /// The policy as text.
        public let rawValue: String

        /// Creates a policy.
        ///
        /// - Parameter rawValue: The policy as text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The tick is skipped.
        public static let skip = Overlap(rawValue: "skip")
        /// Both tasks may run.
        public static let allow = Overlap(rawValue: "allow")
        /// The task starts after the earlier one has ended.
        public static let queue = Overlap(rawValue: "queue")
        /// The earlier task is canceled.
        public static let cancelRunning = Overlap(rawValue: "cancel_running")
    }

    /// What happens to ticks that could not be fired in time, as during a downtime.
    public struct CatchUp: RawRepresentable, Sendable, Hashable {
        /// The policy as text.
        public let rawValue: String

        /// Creates a policy.
        ///
        /// - Parameter rawValue: The policy as text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The last one is fired.
        public static let last = CatchUp(rawValue: "last")
        /// None is fired.
        public static let none = CatchUp(rawValue: "none")
        /// All are fired, oldest first.
        public static let all = CatchUp(rawValue: "all")
    }

    /// The body of the request.
    package var json: String {
        var writer = JSONWriter(capacity: 512 + (task.payload?.text.utf8.count ?? 0))
        writer.object { writer in
            timing.write(to: &writer)
            if let overlap { writer.member("overlap", overlap.rawValue) }
            if let catchUp { writer.member("catch_up", catchUp.rawValue) }
            if let catchUpWindow { writer.member("catch_up_window", catchUpWindow) }
            if let jitter { writer.member("jitter", jitter) }
            if let startsAt { writer.member("starts_at", startsAt) }
            if let endsAt { writer.member("ends_at", endsAt) }
            if let maxRuns { writer.member("max_runs", maxRuns) }
            if let pauseAfterFailures { writer.member("pause_after_failures", pauseAfterFailures) }
            writer.member("task", RawJSON(trusted: task.json))
        }
        return writer.text
    }
}
