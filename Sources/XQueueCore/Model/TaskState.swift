/// A task's current state. Only ``TaskStateMachine``, and the stores that follow it, change it.
public struct TaskState: Sendable, Hashable {
    public var status: TaskStatus
    /// Non-nil if and only if `status` is pending.
    public var pendingReason: PendingReason?
    /// Number of retries so far: attempts that failed or lost their lease and have been, or will be, followed
    /// by another.
    public var retryCount = 0
    /// The latest error; nil after a success.
    public var error: String?
    /// The last unsuccessful attempts, oldest first.
    public var errors: [AttemptError] = []
    public var result: RawJSON?
    public var progress: TaskProgress?
    /// The node that runs it, or the last one that did.
    public var workerID: String?
    /// Counts status changes and rewritings, from 1 at submission, without gaps.
    public var version = 1
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// When it became, or becomes, ready.
    public var runAt: Timestamp
    /// When the latest attempt started.
    public var startedAt: Timestamp?
    public var completedAt: Timestamp?
    /// Deadline for its first attempt to start.
    public var queueDeadline: Timestamp?
    /// Non-nil if and only if `status` is processing.
    public var lease: Lease?
    /// When cancellation was requested while running.
    public var cancelRequestedAt: Timestamp?

    /// The state of a newly submitted task.
    ///
    /// - Parameters:
    ///   - createdAt: When the store accepted it.
    ///   - runAt: When it becomes ready; immediately if that is not after `createdAt`.
    ///   - queueTimeout: How long it may wait once it is ready; nil for no limit.
    public init(createdAt: Timestamp, runAt: Timestamp, queueTimeout: Duration?) {
        let isReady = runAt <= createdAt
        status = .pending
        pendingReason = isReady ? .ready : .scheduled
        self.createdAt = createdAt
        updatedAt = createdAt
        self.runAt = isReady ? createdAt : runAt
        queueDeadline = isReady ? queueTimeout.map { createdAt + $0 } : nil
    }
}
