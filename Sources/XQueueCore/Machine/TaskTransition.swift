/// One legal step between statuses, with the data the step needs.
public enum TaskTransition: Sendable, Hashable {
    /// A worker takes a ready task.
    case claim(ClaimGrant)
    /// A ready task steps aside because its concurrency key has no free token.
    case park
    /// A parked task comes back because its key may have a free token.
    case unpark
    /// The attempt that holds `token` is over.
    case settle(LeaseToken, AttemptOutcome)
    /// The attempt that holds `token` is alive: its lease lasts for `lease` from now.
    case heartbeat(LeaseToken, lease: Duration)
    /// The attempt that holds `token` has come so far.
    case progress(LeaseToken, TaskProgress)
    /// Somebody wants the task not to run; a running attempt has `grace` to stop.
    case cancel(grace: Duration)
    /// An operator wants a task that ended without success to run again.
    case requeue
    /// Time has passed the task's `dueAt`. `draw` is a random number in 0..<1 for a back-off.
    case expire(draw: Double)
}

/// What a worker is given with a claim.
public struct ClaimGrant: Sendable, Hashable {
    public var token: LeaseToken
    public var workerID: String
    /// Whether the worker is outside the nodes' own processes.
    public var isRemote: Bool
    /// How long the lease lasts without a heartbeat.
    public var lease: Duration
    /// How long an attempt may go on after its process timeout before it is fenced.
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
    /// The handler wants to be run again later without using up a retry.
    case snooze(Duration)
    /// The worker gives the task back unfinished, without using up a retry.
    case release
}

/// Why a transition did not happen. The task is unchanged.
public enum TransitionRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// There is no such task.
    case notFound = "not_found"
    /// The attempt no longer holds the task.
    case leaseLost = "lease_lost"
    /// The task has ended.
    case alreadyEnded = "already_ended"
    /// Only a failed, timed-out or canceled task can be requeued.
    case notRequeueable = "not_requeueable"
    /// Another unfinished task has the same unique key.
    case uniqueKeyTaken = "unique_key_taken"
    /// The task is not in the state the step starts from.
    case wrongState = "wrong_state"
    /// Nothing is due yet.
    case notDue = "not_due"
}
