/// The outcome of one task of an `insert`.
public enum InsertOutcome: Sendable, Hashable {
    case inserted(TaskRecord)
    /// The task that holds the same unique key, or one with the same identifier.
    /// Abridged if earlier tasks of the batch have filled the reply.
    case existing(TaskRecord)
    /// The waiting task with the same unique key took over the definition. Abridged as above.
    case replaced(TaskRecord)
    /// Rejected because of this task, which holds the unique key. Abridged as above.
    case conflict(TaskRecord)

    public var record: TaskRecord {
        switch self {
        case .inserted(let record), .existing(let record), .replaced(let record), .conflict(let record):
            record
        }
    }

    /// The same outcome without the parts of the task that may be large; that of a new task stays as it is.
    package var abridged: InsertOutcome {
        switch self {
        case .inserted: self
        case .existing(let record): .existing(record.abridged)
        case .replaced(let record): .replaced(record.abridged)
        case .conflict(let record): .conflict(record.abridged)
        }
    }
}

/// One attempt of one task.
public struct AttemptID: Sendable, Hashable {
    public var taskID: TaskID
    public var token: LeaseToken

    public init(taskID: TaskID, token: LeaseToken) {
        self.taskID = taskID
        self.token = token
    }
}

/// The end of an attempt.
public struct Settlement: Sendable, Hashable {
    public var attempt: AttemptID
    public var outcome: AttemptOutcome
    /// The attempt's last progress, if it was not reported yet.
    public var progress: TaskProgress?

    public init(attempt: AttemptID, outcome: AttemptOutcome, progress: TaskProgress? = nil) {
        self.attempt = attempt
        self.outcome = outcome
        self.progress = progress
    }
}

/// The outcome of one settlement.
public enum SettleOutcome: Sendable, Hashable {
    /// The task's new status and version.
    case settled(TaskStatus, version: Int)
    case rejected(TransitionRejection)
}

/// A heartbeat's outcome for one attempt.
public enum HeartbeatOutcome: Sendable, Hashable {
    case held
    /// The lease is held, but the attempt should stop.
    case cancelRequested
    /// The lease is lost: nothing the attempt does will count.
    case lost
}

/// The progress of one attempt.
public struct ProgressReport: Sendable, Hashable {
    public var attempt: AttemptID
    public var progress: TaskProgress

    public init(attempt: AttemptID, progress: TaskProgress) {
        self.attempt = attempt
        self.progress = progress
    }
}

/// The outcome of a cancel, a requeue or a rewriting.
public enum ChangeOutcome: Sendable, Hashable {
    /// The task after the change.
    case changed(TaskRecord)
    /// The reason nothing changed, and the task, if it exists.
    case rejected(TransitionRejection, TaskRecord?)
}

/// The result of one maintenance step.
public struct SweepResult: Sendable, Hashable {
    /// How many tasks changed.
    public var changed: Int
    /// Time until the next task is due, by the store's clock; zero if one is due already, nil if none will be.
    public var nextDueIn: Duration?
    /// The same for schedules, none of which a sweep fires.
    public var nextScheduleIn: Duration?

    /// Nothing was checked, so something may be due.
    package static let none = SweepResult(changed: 0, nextDueIn: .zero, nextScheduleIn: nil)

    public init(changed: Int, nextDueIn: Duration?, nextScheduleIn: Duration? = nil) {
        self.changed = changed
        self.nextDueIn = nextDueIn
        self.nextScheduleIn = nextScheduleIn
    }
}

/// Retention of ended tasks.
public struct Retention: Sendable, Hashable {
    /// Counted from the task's end.
    public var age: Duration
    public var count: Int

    public init(age: Duration, count: Int) {
        self.age = age
        self.count = count
    }
}
