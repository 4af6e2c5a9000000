/// What became of a tick of a schedule, or of several.
public struct ScheduleChange: Sendable, Hashable {
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// Its task was submitted in time.
        case fired
        /// Its task was submitted more than a minute after the tick.
        case late
        /// It was skipped because an earlier task had not ended.
        case skipped
        /// Nobody could fire it in time, and it was not caught up with.
        case missed
        /// The schedule paused instead, after too many failures.
        case paused
    }

    /// The schedule's name.
    public var schedule: String
    public var outcome: Outcome
    /// The tick; the first one of several.
    public var tick: Timestamp
    /// Number of ticks; more than 1 only for those that were missed.
    public var count: Int

    public init(schedule: String, outcome: Outcome, tick: Timestamp, count: Int = 1) {
        self.schedule = schedule
        self.outcome = outcome
        self.tick = tick
        self.count = count
    }

    /// All of it as one text, for ``init(text:)``: outcome, tick, count and name.
    public var text: String { "\(outcome.rawValue) \(tick.milliseconds) \(count) \(schedule)" }

    /// Parses ``text``; nil if it is something else.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let outcome = Outcome(rawValue: String(parts[0])), let tick = Int64(parts[1]),
            let count = Int(parts[2]), count >= 0
        else { return nil }
        self.init(
            schedule: String(parts[3]), outcome: outcome, tick: Timestamp(milliseconds: tick), count: count)
    }
}

/// An event of a schedule, to be written to the event log.
public struct ScheduleEvent: Sendable, Hashable {
    /// The identifier of the tick's task, whether it was submitted or not.
    public var taskID: TaskID
    /// The type of the schedule's tasks.
    public var type: String
    public var change: ScheduleChange

    public init(taskID: TaskID, type: String, change: ScheduleChange) {
        self.taskID = taskID
        self.type = type
        self.change = change
    }
}

extension JSONWriter {
    /// Writes the members of a change into an open object.
    package mutating func members(of change: ScheduleChange) {
        member("schedule", change.schedule)
        member("outcome", change.outcome.rawValue)
        member("tick", change.tick)
        member("count", change.count)
    }
}
