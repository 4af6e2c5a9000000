/// One legal step between statuses, with the data the step needs.
public enum TaskTransition: Sendable, Hashable {
    /// A worker claims a ready task.
    case claim(ClaimGrant)
    /// A ready task is parked because its concurrency key has no free token.
    case park
    /// A parked task becomes ready because its key may have a free token.
    case unpark
    /// The task that a blocked one waits for has ended.
    case unblock
    /// The attempt that holds `token` has ended.
    case settle(LeaseToken, AttemptOutcome)
    /// The attempt that holds `token` is alive: extends its lease to `lease` from now.
    case heartbeat(LeaseToken, lease: Duration)
    /// The attempt that holds `token` reports its progress.
    case progress(LeaseToken, TaskProgress)
    /// Cancels the task; a running attempt has `grace` to stop.
    case cancel(grace: Duration)
    /// Requeues a task that ended without success.
    case requeue
    /// Gives a waiting task another definition.
    case rewrite(TaskRewrite)
    /// The task's `dueAt` has passed. `draw` is a random number in 0..<1 for a back-off.
    case expire(draw: Double)
}

/// What a claim grants a worker.
public struct ClaimGrant: Sendable, Hashable {
    public var token: LeaseToken
    public var workerID: String
    /// Whether the worker runs outside the nodes' own processes.
    public var isRemote: Bool
    /// How long the lease lasts without a heartbeat.
    public var lease: Duration
    /// How long an attempt may run past its process timeout before it is fenced.
    public var grace: Duration

    public init(
        token: LeaseToken, workerID: String, isRemote: Bool = false, lease: Duration, grace: Duration
    ) {
        self.token = token
        self.workerID = workerID
        self.isRemote = isRemote
        self.lease = lease
        self.grace = grace
    }
}

/// How an attempt ended.
public enum AttemptOutcome: Sendable, Hashable {
    case success(RawJSON?)
    /// `draw` is a random number in 0..<1 for the back-off's jitter.
    case failure(AttemptFailure, draw: Double)
    /// The handler asks to run again later, without using up a retry.
    case snooze(Duration)
    /// The worker returns the task unfinished, without using up a retry.
    case release
}

/// Another definition for a task that waits.
///
/// The task keeps its identifier and type, and its place among tasks of the same priority.
public struct TaskRewrite: Sendable, Hashable {
    public var id: TaskID
    /// The version of the task that the definition was made from: one of another version is left as it is.
    public var version: Int
    /// Replaces the task's definition, and has its type.
    public var definition: TaskDefinition
    /// When the task becomes ready; nil leaves that as it is.
    public var schedule: NewTask.Schedule?

    public init(id: TaskID, version: Int, definition: TaskDefinition, schedule: NewTask.Schedule? = nil) {
        self.id = id
        self.version = version
        self.definition = definition
        self.schedule = schedule
    }
}

/// Why a transition did not happen. The task is unchanged.
public enum TransitionRejection: String, Error, Sendable, Hashable, CaseIterable {
    /// There is no such task.
    case notFound = "not_found"
    /// The attempt no longer holds the task.
    case leaseLost = "lease_lost"
    /// The task has ended.
    case alreadyEnded = "already_ended"
    /// Only a failed, timed-out or canceled task can be requeued.
    case notRequeueable = "not_requeueable"
    /// Another task holds the unique key.
    case uniqueKeyTaken = "unique_key_taken"
    /// Only a pending task can be rewritten.
    case notPending = "not_pending"
    /// The task has another version than the one to change.
    case versionConflict = "version_conflict"
    /// The task is not in the state the step starts from.
    case wrongState = "wrong_state"
    /// Nothing is due yet.
    case notDue = "not_due"
}
