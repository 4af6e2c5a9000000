/// The task lifecycle as a pure function: a record and a transition yield the next record, or a reason for
/// rejection. It has no clock, no randomness and no store.
///
/// Every store implements this table; the conformance suite checks all of it against each store.
public struct TaskStateMachine: Sendable {
    public private(set) var record: TaskRecord

    public init(_ record: TaskRecord) {
        self.record = record
    }

    /// Returns the record of a task submitted at `now`.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - now: The time.
    ///   - isBlocked: Whether it waits for the end of another task.
    public static func submit(_ task: NewTask, at now: Timestamp, isBlocked: Bool = false) -> TaskRecord {
        var record = TaskRecord(
            id: task.id, definition: task.definition,
            state: TaskState(
                createdAt: now, runAt: task.schedule.time(at: now),
                queueTimeout: task.definition.queueTimeout))
        if isBlocked { (record.pendingReason, record.queueDeadline) = (.blocked, nil) }
        return record
    }

    /// Takes one step at `now`, or throws the reason it cannot be taken and changes nothing.
    public mutating func apply(
        _ transition: TaskTransition, at now: Timestamp
    ) throws(TransitionRejection) {
        switch transition {
        case .claim(let grant): try claim(grant, at: now)
        case .park: try move(from: .ready, to: .parked)
        case .unpark: try move(from: .parked, to: .ready)
        case .unblock: try unblock(at: now)
        case .settle(let token, let outcome): try settle(token, outcome, at: now)
        case .heartbeat(let token, let lease): try extend(token, by: lease, at: now)
        case .progress(let token, let progress):
            try requireLease(token)
            record.progress = progress
            record.updatedAt = now
        case .cancel(let grace): try cancel(grace: grace, at: now)
        case .requeue: try requeue(at: now)
        case .rewrite(let rewrite): try self.rewrite(rewrite, at: now)
        case .expire(let draw): try expire(draw: draw, at: now)
        }
    }

    // MARK: - Waiting

    private mutating func move(
        from: PendingReason, to: PendingReason
    ) throws(TransitionRejection) {
        guard record.status == .pending, record.pendingReason == from else { throw .wrongState }
        record.pendingReason = to
    }

    private mutating func unblock(at now: Timestamp) throws(TransitionRejection) {
        let isDue = record.runAt <= now
        try move(from: .blocked, to: isDue ? .ready : .scheduled)
        guard isDue else { return }
        record.runAt = now
        record.queueDeadline = record.queueTimeout.map { now + $0 }
    }

    private mutating func claim(_ grant: ClaimGrant, at now: Timestamp) throws(TransitionRejection) {
        guard record.status == .pending, record.pendingReason == .ready else { throw .wrongState }
        let deadline = record.processTimeout.map { now + $0 + grant.grace }
        record.lease = Lease(
            token: grant.token, workerID: grant.workerID, isRemote: grant.isRemote,
            expiresAt: earlier(now + grant.lease, deadline), deadline: deadline)
        record.workerID = grant.workerID
        record.startedAt = now
        record.progress = nil
        record.queueDeadline = nil
        enter(.processing, at: now)
    }

    // MARK: - Running

    private func requireLease(_ token: LeaseToken) throws(TransitionRejection) {
        guard record.status == .processing, record.lease?.token == token else { throw .leaseLost }
    }

    private mutating func extend(
        _ token: LeaseToken, by lease: Duration, at now: Timestamp
    ) throws(TransitionRejection) {
        try requireLease(token)
        let expiresAt = earlier(now + lease, record.lease?.deadline)
        record.lease?.expiresAt = expiresAt
    }

    private mutating func settle(
        _ token: LeaseToken, _ outcome: AttemptOutcome, at now: Timestamp
    ) throws(TransitionRejection) {
        try requireLease(token)
        switch outcome {
        case .success(let result):
            record.result = result
            record.error = nil
            end(.success, at: now)
        case .failure(let failure, let draw):
            fail(failure, draw: draw, at: now)
        case .snooze(let delay):
            if record.cancelRequestedAt != nil { return end(.canceled, at: now) }
            wait(until: now + delay, at: now)
        case .release:
            if record.cancelRequestedAt != nil { return end(.canceled, at: now) }
            wait(until: now, at: now)
        }
    }

    private mutating func fail(_ failure: AttemptFailure, draw: Double, at now: Timestamp) {
        record.error = failure.message
        record.errors.append(
            AttemptError(
                attempt: record.attempt, kind: failure.kind, message: failure.message,
                workerID: record.workerID, startedAt: record.startedAt, endedAt: now))
        if record.errors.count > ModelLimits.errorsKept {
            record.errors.removeFirst(record.errors.count - ModelLimits.errorsKept)
        }
        if record.cancelRequestedAt != nil { return end(.canceled, at: now) }
        guard !failure.isPermanent, record.retryCount < record.maxRetry else {
            return end(.failed, at: now)
        }
        record.retryCount = record.retryCount.adding(clamped: 1)
        let delay =
            failure.kind == .leaseLost
            ? .zero
            : failure.retryAfter ?? record.retryPolicy.backOff(retry: record.retryCount, draw: draw)
        wait(until: now + delay, at: now)
    }

    // MARK: - Time

    private mutating func expire(draw: Double, at now: Timestamp) throws(TransitionRejection) {
        guard !record.status.isFinal else { throw .alreadyEnded }
        guard let due = record.dueAt, due <= now else { throw .notDue }
        switch (record.status, record.pendingReason) {
        case (.pending, .scheduled):
            record.pendingReason = .ready
            if record.startedAt == nil {
                record.queueDeadline = record.queueTimeout.map { now + $0 }
            }
        case (.pending, _):
            let waited = record.queueTimeout?.inSeconds ?? 0
            record.error = "no worker took the task within its queue timeout of \(waited) s"
            end(.timeout, at: now)
        default:
            failExpired(draw: draw, at: now)
        }
    }

    private mutating func failExpired(draw: Double, at now: Timestamp) {
        if record.cancelRequestedAt != nil {
            record.error = "the handler did not stop within its grace period"
            end(.canceled, at: now)
        } else if let deadline = record.lease?.deadline, deadline <= now {
            fail(.processTimeout(record.processTimeout ?? .zero), draw: draw, at: now)
        } else {
            let worker = record.workerID ?? "?"
            fail(
                AttemptFailure("worker \(worker) stopped sending heartbeats", kind: .leaseLost),
                draw: draw, at: now)
        }
    }

    // MARK: - External requests

    private mutating func cancel(grace: Duration, at now: Timestamp) throws(TransitionRejection) {
        switch record.status {
        case .pending: end(.canceled, at: now)
        case .processing:
            guard record.cancelRequestedAt == nil, var lease = record.lease else { return }
            lease.deadline = earlier(now + grace, lease.deadline)
            lease.expiresAt = earlier(lease.expiresAt, lease.deadline)
            record.lease = lease
            record.cancelRequestedAt = now
            record.updatedAt = now
        default: throw .alreadyEnded
        }
    }

    private mutating func requeue(at now: Timestamp) throws(TransitionRejection) {
        guard record.status.isFinal, record.status != .success else { throw .notRequeueable }
        record.retryCount = 0
        record.startedAt = nil
        record.completedAt = nil
        record.cancelRequestedAt = nil
        record.progress = nil
        record.queueDeadline = record.queueTimeout.map { now + $0 }
        wait(until: now, at: now)
    }

    private mutating func rewrite(_ rewrite: TaskRewrite, at now: Timestamp) throws(TransitionRejection) {
        guard record.status == .pending else { throw .notPending }
        guard record.version == rewrite.version else { throw .versionConflict }
        let old = record.definition
        record.definition = rewrite.definition
        record.type = old.type
        if let schedule = rewrite.schedule { record.runAt = max(schedule.time(at: now), now) }
        let isBlocked = record.pendingReason == .blocked
        let isLater =
            rewrite.schedule == nil ? record.pendingReason == .scheduled : record.runAt > now
        // A task that was attempted before has no deadline for the next attempt.
        if isBlocked || isLater {
            record.queueDeadline = nil
        } else if record.startedAt == nil, rewrite.schedule != nil || record.queueTimeout != old.queueTimeout
        {
            record.queueDeadline = record.queueTimeout.map { now + $0 }
        }
        enter(.pending, at: now)
        // A parked task is tried again: its key may be another.
        record.pendingReason = isBlocked ? .blocked : isLater ? .scheduled : .ready
    }

    // MARK: - Entering a status

    private mutating func wait(until time: Timestamp, at now: Timestamp) {
        record.runAt = time
        record.lease = nil
        enter(.pending, at: now)
        record.pendingReason = time <= now ? .ready : .scheduled
    }

    private mutating func end(_ status: TaskStatus, at now: Timestamp) {
        record.lease = nil
        record.queueDeadline = nil
        record.completedAt = now
        enter(status, at: now)
    }

    private mutating func enter(_ status: TaskStatus, at now: Timestamp) {
        record.status = status
        record.pendingReason = nil
        record.version = record.version.adding(clamped: 1)
        record.updatedAt = now
    }

    private func earlier(_ time: Timestamp, _ bound: Timestamp?) -> Timestamp {
        bound.map { min(time, $0) } ?? time
    }
}

extension AttemptFailure {
    /// The failure of an attempt that ran longer than `limit`.
    public static func processTimeout(_ limit: Duration) -> AttemptFailure {
        AttemptFailure(
            "the attempt ran longer than its process timeout of \(limit.inSeconds) s", kind: .timeout)
    }
}
