import XQueueCore

/// Records in every place of a task's life, written out by hand.
enum MachineSubject: String, CaseIterable, Sendable {
    case ready, readyOverdue, scheduled, scheduledDue, parked, parkedOverdue
    case processing, processingCanceling, leaseExpired, pastDeadline, graceOver
    case success, failed, canceled, timeout

    static let now = Timestamp(milliseconds: 1_000_000)
    static let token = LeaseToken(rawValue: 42)

    var record: TaskRecord {
        var record = Self.base
        switch self {
        case .ready: break
        case .readyOverdue: record.queueDeadline = Self.now
        case .scheduled:
            record.pendingReason = .scheduled
            record.runAt = Self.now + .milliseconds(1)
            record.queueDeadline = nil
        case .scheduledDue:
            record.pendingReason = .scheduled
            record.runAt = Self.now
            record.queueDeadline = nil
        case .parked: record.pendingReason = .parked
        case .parkedOverdue:
            record.pendingReason = .parked
            record.queueDeadline = Self.now
        case .processing: record.run(expiresAt: Self.now + .seconds(10), deadline: Self.now + .seconds(60))
        case .processingCanceling:
            record.run(expiresAt: Self.now + .seconds(3), deadline: Self.now + .seconds(3))
            record.cancelRequestedAt = Self.now + .seconds(-1)
        case .leaseExpired: record.run(expiresAt: Self.now, deadline: Self.now + .seconds(60))
        case .pastDeadline: record.run(expiresAt: Self.now, deadline: Self.now)
        case .graceOver:
            record.run(expiresAt: Self.now, deadline: Self.now)
            record.cancelRequestedAt = Self.now + .seconds(-5)
        case .success: record.end(.success)
        case .failed: record.end(.failed)
        case .canceled: record.end(.canceled)
        case .timeout: record.end(.timeout)
        }
        return record
    }

    private static let base = TaskRecord(
        id: TaskID(high: 1, low: 2), type: "a", payload: RawJSON.null, priority: 0, maxRetry: 3,
        queueTimeout: .seconds(30), processTimeout: .seconds(60),
        concurrency: ConcurrencyLimit(key: "k"), uniqueKey: nil,
        retryPolicy: RetryPolicy(strategy: .fixed, delay: .seconds(10), jitter: 0),
        status: .pending, pendingReason: .ready, retryCount: 1, version: 5,
        createdAt: Timestamp(milliseconds: 900_000), updatedAt: Timestamp(milliseconds: 950_000),
        runAt: Timestamp(milliseconds: 950_000), queueDeadline: now + .milliseconds(1))
}

extension TaskRecord {
    fileprivate mutating func run(expiresAt: Timestamp, deadline: Timestamp) {
        status = .processing
        pendingReason = nil
        queueDeadline = nil
        workerID = "w1"
        startedAt = Timestamp(milliseconds: 960_000)
        lease = Lease(
            token: MachineSubject.token, workerID: "w1", expiresAt: expiresAt, deadline: deadline)
    }

    fileprivate mutating func end(_ status: TaskStatus) {
        self.status = status
        pendingReason = nil
        queueDeadline = nil
        completedAt = Timestamp(milliseconds: 970_000)
    }
}
