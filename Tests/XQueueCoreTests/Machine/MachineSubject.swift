import XQueueCore

/// Hand-written records for every state of a task.
enum MachineSubject: String, CaseIterable, Sendable {
    case ready, readyOverdue, scheduled, scheduledDue, parked, parkedOverdue, blocked, blockedLater
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
        case .blocked:
            record.pendingReason = .blocked
            record.queueDeadline = nil
        case .blockedLater:
            record.pendingReason = .blocked
            record.runAt = Self.now + .milliseconds(1)
            record.queueDeadline = nil
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

    /// The step that gives the subject another payload.
    static func rewrite(_ schedule: NewTask.Schedule? = nil, version: Int = 5) -> TaskRewrite {
        var definition = base.definition
        definition.payload = RawJSON(trusted: "1")
        return TaskRewrite(id: base.id, version: version, definition: definition, schedule: schedule)
    }

    private static let base: TaskRecord = {
        var definition = TaskDefinition(type: "a")
        definition.queueTimeout = .seconds(30)
        definition.processTimeout = .seconds(60)
        definition.concurrency = ConcurrencyLimit(key: "k")
        definition.retryPolicy = RetryPolicy(strategy: .fixed, delay: .seconds(10), jitter: 0)
        var state = TaskState(
            createdAt: Timestamp(milliseconds: 900_000), runAt: Timestamp(milliseconds: 900_000),
            queueTimeout: nil)
        state.retryCount = 1
        state.version = 5
        state.updatedAt = Timestamp(milliseconds: 950_000)
        state.runAt = Timestamp(milliseconds: 950_000)
        state.queueDeadline = now + .milliseconds(1)
        return TaskRecord(id: TaskID(high: 1, low: 2), definition: definition, state: state)
    }()
}

extension TaskRecord {
    fileprivate mutating func run(expiresAt: Timestamp, deadline: Timestamp) {
        state.status = .processing
        state.pendingReason = nil
        state.queueDeadline = nil
        state.workerID = "w1"
        state.startedAt = Timestamp(milliseconds: 960_000)
        state.lease = Lease(
            token: MachineSubject.token, workerID: "w1", expiresAt: expiresAt, deadline: deadline)
    }

    fileprivate mutating func end(_ status: TaskStatus) {
        state.status = status
        state.pendingReason = nil
        state.queueDeadline = nil
        state.completedAt = Timestamp(milliseconds: 970_000)
    }
}
