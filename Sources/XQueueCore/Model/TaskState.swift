/// Where a task stands. Only ``TaskStateMachine``, and the stores that follow it, change it.
public struct TaskState: Sendable, Hashable {
    public var status: TaskStatus
    /// Present exactly while `status` is pending.
    public var pendingReason: PendingReason?
    /// Attempts that failed or lost their lease and were followed, or will be, by another.
    public var retryCount = 0
    /// What went wrong last; nil after a success.
    public var error: String?
    /// The last attempts that did not succeed, oldest first.
    public var errors: [AttemptError] = []
    public var result: RawJSON?
    public var progress: TaskProgress?
    /// The node that runs it or ran it last.
    public var workerID: String?
    /// Counts the task's changes of status, from 1 at submission, without gaps.
    public var version = 1
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// When it became, or becomes, ready.
    public var runAt: Timestamp
    /// When its latest attempt began.
    public var startedAt: Timestamp?
    public var completedAt: Timestamp?
    /// Until when it may wait for its first attempt.
    public var queueDeadline: Timestamp?
    /// Present exactly while `status` is processing.
    public var lease: Lease?
    /// When somebody asked a running task to stop.
    public var cancelRequestedAt: Timestamp?

    /// A task that was submitted and has not moved since.
    ///
    /// - Parameters:
    ///   - createdAt: When the store accepted it.
    ///   - runAt: When it is to become ready; at once if that is not after `createdAt`.
    ///   - queueTimeout: How long it may wait once it is ready; nil for as long as it takes.
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
