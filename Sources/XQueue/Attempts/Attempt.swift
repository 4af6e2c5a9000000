import XQueueCore

/// The lease times of the attempts that one claim returned, on this node's monotonic clock.
struct LeaseTerms: Sendable {
    /// When the claim was sent. Leases count from here, so here they never end later than in the store.
    let askedAt: MonotonicInstant
    /// When the answer arrived. Process timeouts count from here.
    let claimedAt: MonotonicInstant
    /// How long a lease lasts without a heartbeat.
    let lease: Duration
    /// How long an attempt may continue after its process timeout before the store ends it.
    let grace: Duration

    /// When the leases expire unless they are extended.
    var leaseEndsAt: MonotonicInstant { askedAt + lease }
}

/// What this node knows of an attempt, its own or a remote worker's. Times are on this node's monotonic clock.
struct Attempt: Sendable {
    let id: AttemptID
    /// The node or remote worker that runs it.
    let worker: String
    let type: String
    /// 1 for the first attempt of its task.
    let number: Int
    /// The instruments of its type.
    let metrics: WorkMetrics
    let startedAt: MonotonicInstant
    /// How long it may run; nil for no limit.
    let processTimeout: Duration?
    /// When its process timeout elapses; nil for never.
    let timeoutAt: MonotonicInstant?
    /// When the store ends it despite heartbeats; nil for never.
    private let deadline: MonotonicInstant?
    /// When its lease expires unless extended; never later than in the store.
    private(set) var leaseEndsAt: MonotonicInstant

    /// Creates the attempt of a task that was just claimed; nil if the task has no lease.
    ///
    /// - Parameters:
    ///   - record: The task as it was claimed.
    ///   - terms: The claim's lease times.
    ///   - metrics: The instruments of its type.
    init?(_ record: TaskRecord, _ terms: LeaseTerms, _ metrics: WorkMetrics) {
        let graceEndsAt = terms.askedAt + terms.grace
        // It ends before the store ends it, even if the answer took longer than the grace period.
        let countsFrom = min(terms.claimedAt, graceEndsAt)
        self.init(
            record, startedAt: terms.claimedAt, timeoutAt: record.processTimeout.map { countsFrom + $0 },
            leaseEndsAt: terms.leaseEndsAt, deadline: record.processTimeout.map { graceEndsAt + $0 }, metrics)
    }

    /// Creates the current attempt of a stored task; nil if it has none.
    ///
    /// - Parameters:
    ///   - record: The task as the store has it.
    ///   - storeTime: The time by the store's clock, which alone decides how long the attempt has run and may run.
    ///   - now: The same instant on this node's clock.
    ///   - metrics: The instruments of its type.
    init?(_ record: TaskRecord, storeTime: Timestamp, now: MonotonicInstant, _ metrics: WorkMetrics) {
        guard let lease = record.lease else { return nil }
        let ran = record.startedAt.map { max(storeTime - $0, .zero) } ?? .zero
        let startedAt = now + (.zero - ran)
        // A requested cancellation brings the deadline forward, but not the timeout.
        self.init(
            record, startedAt: startedAt, timeoutAt: record.processTimeout.map { startedAt + $0 },
            leaseEndsAt: now + (lease.expiresAt - storeTime),
            deadline: lease.deadline.map { now + ($0 - storeTime) }, metrics)
    }

    private init?(
        _ record: TaskRecord, startedAt: MonotonicInstant, timeoutAt: MonotonicInstant?,
        leaseEndsAt: MonotonicInstant, deadline: MonotonicInstant?, _ metrics: WorkMetrics
    ) {
        guard let lease = record.lease else { return nil }
        id = AttemptID(taskID: record.id, token: lease.token)
        worker = lease.workerID
        type = record.type
        number = record.attempt
        self.metrics = metrics
        self.startedAt = startedAt
        processTimeout = record.processTimeout
        self.timeoutAt = timeoutAt
        self.deadline = deadline
        self.leaseEndsAt = deadline.map { min($0, leaseEndsAt) } ?? leaseEndsAt
    }

    /// When its lease expires unless extended; nil once it cannot be extended because the attempt's own time ends first.
    var lossAt: MonotonicInstant? { leaseEndsAt == deadline ? nil : leaseEndsAt }

    /// Whether its process timeout has elapsed: any outcome is too late.
    func isTimedOut(at now: MonotonicInstant) -> Bool { timeoutAt.map { $0 <= now } ?? false }

    /// Applies the store's answer to a heartbeat.
    ///
    /// - Parameters:
    ///   - answer: The store's answer.
    ///   - end: The lease's new end, if it was extended.
    ///   - now: The current instant.
    /// - Returns: What to tell its worker.
    mutating func take(
        _ answer: HeartbeatOutcome, leaseEndsAt end: MonotonicInstant, at now: MonotonicInstant
    ) -> AttemptStanding {
        guard answer != .lost else { return .stop(.leaseLost) }
        leaseEndsAt = max(leaseEndsAt, deadline.map { min($0, end) } ?? end)
        if answer == .cancelRequested { return .stop(.canceled) }
        return isTimedOut(at: now) ? .stop(.timedOut) : .held
    }

    /// Lets the attempt continue until `end` although its lease has expired by this node's clock, to ask the store once
    /// more.
    mutating func grantChance(until end: MonotonicInstant) {
        leaseEndsAt = end
    }
}

/// What a worker should do about an attempt.
package enum AttemptStanding: Sendable, Hashable {
    /// It continues.
    case held
    /// It should stop, and report how the attempt ended.
    case stop(StopReason)
}
