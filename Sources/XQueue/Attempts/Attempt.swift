import XQueueCore

/// What a claim's answer means for the attempts it brought, on this node's monotonic clock.
struct LeaseTerms: Sendable {
    /// When the claim was sent. Leases run from then at the latest that the store can have it, and so on the safe side.
    let askedAt: MonotonicInstant
    /// When the answer arrived. Process timeouts count from then.
    let claimedAt: MonotonicInstant
    /// How long a lease lasts without a heartbeat.
    let lease: Duration
    /// How long an attempt may go on after its process timeout before the store ends it.
    let grace: Duration
}

/// What this node knows of an attempt, whoever runs it. Its times are on this node's monotonic clock.
struct Attempt: Sendable {
    let id: AttemptID
    /// The node or remote worker that runs it.
    let worker: String
    let type: String
    /// 1 for the first attempt of its task.
    let number: Int
    /// Where it is counted.
    let metrics: WorkMetrics
    let startedAt: MonotonicInstant
    /// How long it may run; nil for as long as it takes.
    let processTimeout: Duration?
    /// When the store ends it, whatever the heartbeats say; nil for never.
    private let deadline: MonotonicInstant?
    /// When its lease is over unless it is extended: not later than the store has it.
    private(set) var leaseEndsAt: MonotonicInstant

    /// The attempt of a task that was just claimed; nil if the task has no lease.
    ///
    /// - Parameters:
    ///   - record: The task as it was claimed.
    ///   - terms: On which terms.
    ///   - metrics: The instruments of its type.
    init?(_ record: TaskRecord, _ terms: LeaseTerms, _ metrics: WorkMetrics) {
        self.init(
            record, startedAt: terms.claimedAt, leaseEndsAt: terms.askedAt + terms.lease,
            deadline: record.processTimeout.map { terms.askedAt + $0 + terms.grace }, metrics)
    }

    /// The attempt that a stored task is in; nil if it is in none.
    ///
    /// - Parameters:
    ///   - record: The task as the store has it.
    ///   - storeTime: What time it is by the store's clock. How long the attempt has run, and how long it still may, is a
    ///     matter of that clock alone.
    ///   - now: The same moment here.
    ///   - metrics: The instruments of its type.
    init?(_ record: TaskRecord, storeTime: Timestamp, now: MonotonicInstant, _ metrics: WorkMetrics) {
        guard let lease = record.lease else { return nil }
        let ran = record.startedAt.map { max(storeTime - $0, .zero) } ?? .zero
        self.init(
            record, startedAt: now + (.zero - ran), leaseEndsAt: now + (lease.expiresAt - storeTime),
            deadline: lease.deadline.map { now + ($0 - storeTime) }, metrics)
    }

    private init?(
        _ record: TaskRecord, startedAt: MonotonicInstant, leaseEndsAt: MonotonicInstant,
        deadline: MonotonicInstant?, _ metrics: WorkMetrics
    ) {
        guard let lease = record.lease else { return nil }
        id = AttemptID(taskID: record.id, token: lease.token)
        worker = lease.workerID
        type = record.type
        number = record.attempt
        self.metrics = metrics
        self.startedAt = startedAt
        processTimeout = record.processTimeout
        self.deadline = deadline
        self.leaseEndsAt = deadline.map { min($0, leaseEndsAt) } ?? leaseEndsAt
    }

    /// When its process timeout is over; nil for never.
    var timeoutAt: MonotonicInstant? { processTimeout.map { startedAt + $0 } }

    /// Whether its process timeout is over: whatever it brings comes too late.
    func isTimedOut(at now: MonotonicInstant) -> Bool { timeoutAt.map { $0 <= now } ?? false }

    /// Takes the store's answer to a heartbeat.
    ///
    /// - Parameters:
    ///   - answer: What the store says.
    ///   - end: Until when it has extended the lease, if it has.
    ///   - now: The present moment.
    /// - Returns: What its worker is to be told.
    mutating func take(
        _ answer: HeartbeatOutcome, leaseEndsAt end: MonotonicInstant, at now: MonotonicInstant
    ) -> AttemptStanding {
        guard answer != .lost else { return .stop(.leaseLost) }
        leaseEndsAt = max(leaseEndsAt, deadline.map { min($0, end) } ?? end)
        if answer == .cancelRequested { return .stop(.canceled) }
        return isTimedOut(at: now) ? .stop(.timedOut) : .held
    }

    /// Lets the attempt go on until `end` though its lease is over, as far as is known, to ask the store once more.
    mutating func grantChance(until end: MonotonicInstant) {
        leaseEndsAt = end
    }
}

/// What a worker is told of an attempt.
package enum AttemptStanding: Sendable, Hashable {
    /// It goes on.
    case held
    /// It should stop, and say how the attempt ended.
    case stop(StopReason)
}
