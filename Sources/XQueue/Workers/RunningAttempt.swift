import Synchronization
import XQueueCore

/// An attempt whose handler runs, or ran, in this process.
///
/// Its end is decided once: by the handler's return, or by giving up on it.
final class RunningAttempt: AttemptControl {
    let id: AttemptID
    let record: TaskRecord
    let metrics: WorkMetrics
    private let progress: ProgressReporter
    /// How long before its lease expires the handler is asked to stop; nil for never.
    private let leaseMargin: Duration?

    private struct State {
        var attempt: Attempt
        var stopReason: StopReason?
        /// When to give up waiting for the handler.
        var giveUpAt: MonotonicInstant?
        /// Whether the store was queried again after this process had slept past the end of the lease.
        var isLastChance = false
        var hasEnded = false
        var work: Task<Void, Never>?
    }

    private let state: Mutex<State>

    init(_ attempt: Attempt, of record: TaskRecord, leaseMargin: Duration?, progress: ProgressReporter) {
        id = attempt.id
        self.record = record
        metrics = attempt.metrics
        self.progress = progress
        self.leaseMargin = leaseMargin
        state = Mutex(State(attempt: attempt))
    }

    var stopReason: StopReason? { state.withLock { $0.stopReason } }

    /// Why a handler that returns now had to stop. Its process timeout may have elapsed without anybody asking it to: this
    /// process was suspended, or is busy.
    func stopReason(at now: MonotonicInstant) -> StopReason? {
        state.withLock { $0.stopReason ?? ($0.attempt.isTimedOut(at: now) ? .timedOut : nil) }
    }

    func report(_ progress: TaskProgress) {
        guard !state.withLock({ $0.hasEnded }) else { return }
        self.progress.report(progress, of: id)
    }

    /// Starts the handler in a Swift task of its own, which ends with the handler; a stop cancels it.
    func start(_ work: @escaping @Sendable () async -> Void) {
        state.withLock { $0.work = Task(operation: work) }
    }

    /// Asks the handler to stop and sets when it is given up. A later reason replaces an earlier one only
    /// if it gives less time.
    func stop(_ reason: StopReason, giveUpAt: MonotonicInstant) {
        let work = state.withLock { state -> Task<Void, Never>? in
            guard !state.hasEnded else { return nil }
            if let current = state.giveUpAt, current <= giveUpAt { return nil }
            state.stopReason = reason
            state.giveUpAt = giveUpAt
            return state.work
        }
        work?.cancel()
    }

    /// When the lease expires unless it is extended.
    var leaseEndsAt: MonotonicInstant { state.withLock { $0.attempt.leaseEndsAt } }

    /// Applies the store's reply to a heartbeat, as ``Attempt/take(_:leaseEndsAt:at:)`` does.
    func take(
        _ answer: HeartbeatOutcome, leaseEndsAt end: MonotonicInstant, at now: MonotonicInstant
    ) -> AttemptStanding {
        state.withLock { state in
            if answer != .lost { state.isLastChance = false }
            return state.attempt.take(answer, leaseEndsAt: end, at: now)
        }
    }

    /// Lets the attempt continue until `end` to query the store once more; returns false if that was done before.
    func giveLastChance(until end: MonotonicInstant) -> Bool {
        state.withLock { state in
            guard !state.isLastChance else { return false }
            state.isLastChance = true
            // The margin is for leases that will expire; this one has, as far as is known.
            state.attempt.grantChance(until: end + (leaseMargin ?? .zero))
            return true
        }
    }

    /// Ends the attempt; only the first caller gets true.
    func end() -> Bool {
        state.withLock { state in
            guard !state.hasEnded else { return false }
            state.hasEnded = true
            state.work = nil
            return true
        }
    }

    /// The action that is due at `now`, and when to check again.
    func due(at now: MonotonicInstant) -> (action: DueAction?, next: MonotonicInstant?) {
        state.withLock { state in
            guard !state.hasEnded else { return (nil, nil) }
            if let giveUpAt = state.giveUpAt {
                return giveUpAt <= now ? (.giveUp, nil) : (nil, giveUpAt)
            }
            let timeoutAt = state.attempt.timeoutAt
            if let timeoutAt, timeoutAt <= now { return (.timeOut, nil) }
            guard let leaseMargin, let lossAt = state.attempt.lossAt else { return (nil, timeoutAt) }
            let tellAt = lossAt + (.zero - leaseMargin)
            if tellAt <= now { return (.handleLostLease(late: now - tellAt), nil) }
            return (nil, timeoutAt.map { min($0, tellAt) } ?? tellAt)
        }
    }

    enum DueAction {
        /// The process timeout expired: ask the handler to stop.
        case timeOut
        /// The lease is about to expire, or expired `late` ago: another node may have the task.
        case handleLostLease(late: Duration)
        /// The grace period expired as well: end the attempt without the handler.
        case giveUp
    }
}

/// The attempts this process holds leases for: running ones, and those whose end is not stored yet.
final class AttemptTable: Sendable {
    private let attempts = Mutex<[TaskID: RunningAttempt]>([:])

    func insert(_ attempt: RunningAttempt) {
        attempts.withLock { $0[attempt.id.taskID] = attempt }
    }

    /// Removes the attempt, unless a later one of the same task has replaced it.
    func remove(_ id: AttemptID) {
        attempts.withLock { attempts in
            if attempts[id.taskID]?.id == id { attempts[id.taskID] = nil }
        }
    }

    func attempt(of task: TaskID) -> RunningAttempt? {
        attempts.withLock { $0[task] }
    }

    var all: [RunningAttempt] { attempts.withLock { Array($0.values) } }
}
