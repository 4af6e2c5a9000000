public import XQueueCore

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A recurring task.
public struct Schedule: Sendable {
    /// What becomes of a tick while the task of an earlier one has not ended, retries included.
    public enum Overlap: String, Sendable, Hashable, CaseIterable {
        /// The tick is skipped, and counted.
        case skip
        /// Both tasks run.
        case allow
        /// The tick's task is submitted once the earlier one has ended. One tick waits; further ones are skipped.
        case queue
        /// The earlier task is canceled, and the tick's task submitted once it has ended. A newer tick replaces the one that waits.
        case cancelRunning = "cancel_running"
    }

    /// What becomes of ticks that nobody could fire in time, as during a downtime.
    public enum CatchUp: String, Sendable, Hashable, CaseIterable {
        /// The last one is fired.
        case last
        case none
        /// All are fired, oldest first, at most 1,000.
        case all
    }

    /// Its name: letters, digits, '.', '_', ':' or '-', as of a type.
    public let name: String
    public var timing: ScheduleTiming
    /// What it submits. Its identifier and its time are those of the tick.
    public var task: TaskSubmission
    public var overlap = Overlap.skip
    public var catchUp = CatchUp.last
    /// Ticks that are older are not caught up with.
    public var catchUpWindow: Duration = .seconds(86_400)
    /// Fires each tick later by a fixed part of this, which depends on the name: many schedules do not fire at once.
    public var jitter: Duration = .zero
    /// Fires nothing before; nil for at once.
    public var startsAt: Date?
    /// Fires nothing from then on; nil for never.
    public var endsAt: Date?
    /// Ends after this many fired ticks, 1 or more; nil for no limit.
    public var maxRuns: Int?
    /// Pauses after this many failed tasks in a row, 1 to 1000; nil for never. Timeouts count, cancellations do not.
    public var pauseAfterFailures: Int?

    public init(_ name: String, _ timing: ScheduleTiming, _ task: TaskSubmission) {
        self.name = name
        self.timing = timing
        self.task = task
    }
}

/// A schedule, and what it has done so far.
public struct ScheduleReport: Sendable {
    public let schedule: Schedule
    /// Counts its changes, except those by firing; for ``TaskManager/setSchedule(_:version:)``.
    public let version: Int
    /// Who owns it.
    public let source: ScheduleSource
    /// The next tick; nil if there is none, or while it is paused.
    public let nextAt: Date?
    public let activity: ScheduleActivity
    /// What it submits, with all defaults filled in.
    package let definition: TaskDefinition

    /// Whether it is paused.
    public var isPaused: Bool { activity.pauseReason != nil }
}

/// What a schedule has done so far.
public struct ScheduleActivity: Sendable, Hashable {
    public internal(set) var createdAt: Date
    /// The last ticks that were fired, oldest first: 10, or up to 100 if that many of their tasks have not ended.
    public internal(set) var runs: [ScheduleRun] = []
    /// The tick whose task is submitted once the one before has ended; nil for none.
    public internal(set) var waitingTick: Date?
    /// Number of tasks that failed since the last success.
    public internal(set) var failures = 0
    /// Number of ticks that were fired.
    public internal(set) var fired = 0
    /// Number of ticks that were fired more than a minute late; part of ``fired``.
    public internal(set) var late = 0
    /// Number of ticks skipped because the task of an earlier one had not ended.
    public internal(set) var skipped = 0
    /// Number of ticks that nobody could fire in time, and that were not caught up with.
    public internal(set) var missed = 0
    /// Why it is paused, possibly empty; nil if it is not.
    public internal(set) var pauseReason: String?
}

/// Who owns a schedule, and may change it.
public enum ScheduleSource: String, Sendable, Hashable, CaseIterable {
    /// Whoever calls ``TaskManager/setSchedule(_:version:)``.
    case api
    /// The configuration file of the nodes: it can be paused, resumed and run, but not edited.
    case file
}

/// A tick that was fired.
public struct ScheduleRun: Sendable, Hashable {
    public let tick: Date
    public let taskID: TaskID
    /// Its task's status; nil if the task is no longer stored.
    public internal(set) var status: TaskStatus?

    /// Whether its status will not change any more.
    var isOver: Bool { status?.isFinal ?? true }
}
