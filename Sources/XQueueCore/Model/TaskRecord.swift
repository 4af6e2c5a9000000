/// A task as it is stored: what was asked, and where it stands.
public struct TaskRecord: Sendable, Hashable {
    // What was asked.
    public var id: TaskID
    public var type: String
    public var payload: RawJSON
    public var priority: Int32
    public var maxRetry: Int
    public var queueTimeout: Duration?
    public var processTimeout: Duration?
    public var concurrency: ConcurrencyLimit?
    public var uniqueKey: String?
    public var retryPolicy: RetryPolicy
    /// The trace its submission belongs to.
    public var trace: TraceContext?

    // Where it stands.
    public var status: TaskStatus
    /// Present exactly while `status` is pending.
    public var pendingReason: PendingReason?
    /// Attempts that failed or lost their lease and were followed, or will be, by another.
    public var retryCount: Int
    /// What went wrong last; nil after a success.
    public var error: String?
    /// The last attempts that did not succeed, oldest first.
    public var errors: [AttemptError]
    public var result: RawJSON?
    public var progress: TaskProgress?
    /// The node that runs it or ran it last.
    public var workerID: String?
    /// Counts the task's changes of status, from 1 at submission, without gaps.
    public var version: Int
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

    /// Payload, result and history are left out of this copy, since the answer it is part of was full.
    public var isAbridged = false

    /// How many bytes the parts have that may be large: payload, result and errors.
    package var contentBytes: Int {
        let parts = payload.text.utf8.count + (result?.text.utf8.count ?? 0) + (error?.utf8.count ?? 0)
        return errors.isEmpty ? parts : errors.reduce(parts) { $0 + $1.message.utf8.count }
    }

    /// The record without what may be large.
    package var abridged: TaskRecord {
        var record = self
        (record.payload, record.result, record.errors, record.trace) = (.null, nil, [], nil)
        record.isAbridged = true
        return record
    }

    /// The number of the current or next attempt, from 1.
    public var attempt: Int { retryCount.adding(clamped: 1) }

    /// The next moment at which time alone changes the task: a store keeps one index over it.
    public var dueAt: Timestamp? {
        switch status {
        case .pending: pendingReason == .scheduled ? runAt : queueDeadline
        case .processing: lease?.expiresAt
        case .success, .failed, .canceled, .timeout: nil
        }
    }

    public init(
        id: TaskID, type: String, payload: RawJSON, priority: Int32, maxRetry: Int,
        queueTimeout: Duration?, processTimeout: Duration?, concurrency: ConcurrencyLimit?,
        uniqueKey: String?, retryPolicy: RetryPolicy, trace: TraceContext? = nil, status: TaskStatus,
        pendingReason: PendingReason?, retryCount: Int = 0, error: String? = nil,
        errors: [AttemptError] = [], result: RawJSON? = nil, progress: TaskProgress? = nil,
        workerID: String? = nil, version: Int = 1, createdAt: Timestamp, updatedAt: Timestamp,
        runAt: Timestamp, startedAt: Timestamp? = nil, completedAt: Timestamp? = nil,
        queueDeadline: Timestamp? = nil, lease: Lease? = nil, cancelRequestedAt: Timestamp? = nil
    ) {
        self.id = id
        self.type = type
        self.payload = payload
        self.priority = priority
        self.maxRetry = maxRetry
        self.queueTimeout = queueTimeout
        self.processTimeout = processTimeout
        self.concurrency = concurrency
        self.uniqueKey = uniqueKey
        self.retryPolicy = retryPolicy
        self.trace = trace
        self.status = status
        self.pendingReason = pendingReason
        self.retryCount = retryCount
        self.error = error
        self.errors = errors
        self.result = result
        self.progress = progress
        self.workerID = workerID
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.runAt = runAt
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.queueDeadline = queueDeadline
        self.lease = lease
        self.cancelRequestedAt = cancelRequestedAt
    }
}
