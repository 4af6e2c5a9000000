/// What became of one task of an `insert`.
public enum InsertOutcome: Sendable, Hashable {
    case inserted(TaskRecord)
    /// An unfinished task of the same type with the same unique key, or a task with the same identifier. It is abridged
    /// if those before it in the batch have filled the answer.
    case existing(TaskRecord)

    public var record: TaskRecord {
        switch self {
        case .inserted(let record), .existing(let record): record
        }
    }
}

/// A worker's request for tasks.
public struct ClaimRequest: Sendable, Hashable {
    /// The types the worker serves, without repetition.
    public var types: [String]
    /// The most tasks to hand out.
    public var count: Int
    /// Once the payloads of the tasks pass so many bytes, after at least one task, the claim ends.
    public var maxBytes: Int
    /// The grant of the first task; each further one gets the next token.
    public var grant: ClaimGrant
    /// The mark of the data that the worker knows (``StoreBirth/id``): from other data nothing is handed out. Nil
    /// takes whatever is there.
    public var birth: String?

    public init(
        types: [String], count: Int, grant: ClaimGrant, maxBytes: Int = ModelLimits.answerBytes,
        birth: String? = nil
    ) {
        self.types = types
        self.count = count
        self.maxBytes = maxBytes
        self.grant = grant
        self.birth = birth
    }
}

/// The answer to a claim.
public struct ClaimResult: Sendable, Hashable {
    /// The claimed tasks with their leases, best first.
    public var tasks: [TaskRecord]
    /// True if more may be ready: the claim was full, in tasks or in bytes, or stopped after passing by many
    /// parked tasks.
    public var hasMore: Bool

    public init(tasks: [TaskRecord], hasMore: Bool) {
        self.tasks = tasks
        self.hasMore = hasMore
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

/// What became of one settlement.
public enum SettleOutcome: Sendable, Hashable {
    /// The task's new status and version.
    case settled(TaskStatus, version: Int)
    case refused(TransitionRefusal)
}

/// What a heartbeat tells a worker about an attempt.
public enum HeartbeatOutcome: Sendable, Hashable {
    case held
    /// The lease is held, and somebody wants the attempt to stop.
    case cancelRequested
    /// The attempt is no longer this worker's: nothing it does will count.
    case lost
}

/// How far one attempt has come.
public struct ProgressReport: Sendable, Hashable {
    public var attempt: AttemptID
    public var progress: TaskProgress

    public init(attempt: AttemptID, progress: TaskProgress) {
        self.attempt = attempt
        self.progress = progress
    }
}

/// What became of a cancel or a requeue.
public enum ChangeOutcome: Sendable, Hashable {
    /// The task as it is now.
    case changed(TaskRecord)
    /// Why nothing changed, and the task as it is, if there is one.
    case refused(TransitionRefusal, TaskRecord?)
}

/// The result of one step of maintenance.
public struct SweepResult: Sendable, Hashable {
    /// How many tasks changed.
    public var changed: Int
    /// How long it is, by the store's clock, until the next task is due; zero if it is already, nil if none is.
    public var nextDueIn: Duration?

    /// Nothing was looked at, and so something may be due.
    package static let none = SweepResult(changed: 0, nextDueIn: .zero)

    public init(changed: Int, nextDueIn: Duration?) {
        self.changed = changed
        self.nextDueIn = nextDueIn
    }
}

/// How long ended tasks are kept.
public struct Retention: Sendable, Hashable {
    /// Counted from the task's end.
    public var age: Duration
    public var count: Int

    public init(age: Duration, count: Int) {
        self.age = age
        self.count = count
    }
}
