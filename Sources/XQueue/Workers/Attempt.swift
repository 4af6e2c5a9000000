import Synchronization
import XQueueCore

/// One attempt that runs, or ran, in this process.
///
/// Its end is decided once: by the handler that returns, or by whoever gives up waiting for it.
final class Attempt: Sendable, AttemptControl {
    let id: AttemptID
    let record: TaskRecord
    let metrics: WorkMetrics
    /// When the handler is told that its process timeout is over; nil for never.
    let timeoutAt: MonotonicInstant?
    private let progress: ProgressReporter

    private struct State {
        var stopReason: StopReason?
        /// When the attempt is given up if it has not ended by then.
        var giveUpAt: MonotonicInstant?
        /// When the lease is over unless it is extended, counted from when that was asked for: not later than the store
        /// has it.
        var leaseEndsAt: MonotonicInstant
        /// Whether the store was asked once more after this process had slept through the end of the lease.
        var isLastChance = false
        var hasEnded = false
        var work: Task<Void, Never>?
    }

    /// How long before the end of its lease the handler is told, to have stopped by then; nil not to tell it.
    private let leaseMargin: Duration?
    /// When the store ends the attempt, whatever the heartbeats say; nil for never.
    private let deadline: MonotonicInstant?
    private let state: Mutex<State>

    init?(_ record: TaskRecord, _ terms: LeaseTerms, metrics: WorkMetrics, progress: ProgressReporter) {
        guard let lease = record.lease else { return nil }
        self.id = AttemptID(taskID: record.id, token: lease.token)
        self.record = record
        self.metrics = metrics
        self.timeoutAt = record.processTimeout.map { terms.claimedAt + $0 }
        self.progress = progress
        leaseMargin = terms.margin
        deadline = record.processTimeout.map { terms.askedAt + $0 + terms.grace }
        let leaseEndsAt = terms.askedAt + terms.lease
        state = Mutex(State(leaseEndsAt: deadline.map { min($0, leaseEndsAt) } ?? leaseEndsAt))
    }

    var stopReason: StopReason? { state.withLock { $0.stopReason } }

    func report(_ progress: TaskProgress) {
        guard !state.withLock({ $0.hasEnded }) else { return }
        self.progress.report(progress, of: id)
    }

    /// Starts the handler's work in a Swift task of its own, which ends with the handler; a stop cancels it.
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

    /// When the lease is over unless it is extended.
    var leaseEndsAt: MonotonicInstant { state.withLock { $0.leaseEndsAt } }

    /// The store has extended the lease, up to `end` or the attempt's deadline.
    func extendLease(until end: MonotonicInstant) {
        state.withLock { state in
            state.leaseEndsAt = max(state.leaseEndsAt, deadline.map { min($0, end) } ?? end)
            state.isLastChance = false
        }
    }

    /// Lets the attempt go on until `end`, to ask the store once more; answers false if that was done before.
    func giveLastChance(until end: MonotonicInstant) -> Bool {
        state.withLock { state in
            guard !state.isLastChance else { return false }
            state.isLastChance = true
            // The margin is for leases that end; this one has ended, as far as is known.
            state.leaseEndsAt = end + (leaseMargin ?? .zero)
            return true
        }
    }

    /// Ends the attempt, unless it has ended before; only the first caller gets true.
    func end() -> Bool {
        state.withLock { state in
            guard !state.hasEnded else { return false }
            state.hasEnded = true
            state.work = nil
            return true
        }
    }

    /// What time demands of the attempt at `now`, and when to look again.
    func due(at now: MonotonicInstant) -> (action: DueAction?, next: MonotonicInstant?) {
        state.withLock { state in
            guard !state.hasEnded else { return (nil, nil) }
            if let giveUpAt = state.giveUpAt {
                return giveUpAt <= now ? (.giveUp, nil) : (nil, giveUpAt)
            }
            if let timeoutAt, timeoutAt <= now { return (.timeOut, nil) }
            guard let leaseMargin else { return (nil, timeoutAt) }
            let tellAt = state.leaseEndsAt + (.zero - leaseMargin)
            if tellAt <= now { return (.loseLease(late: now - tellAt), nil) }
            return (nil, timeoutAt.map { min($0, tellAt) } ?? tellAt)
        }
    }

    enum DueAction {
        /// The process timeout is over: ask the handler to stop.
        case timeOut
        /// The lease is about to run out, or has done so `late` ago: nobody may run what another node may have.
        case loseLease(late: Duration)
        /// The grace period is over too: go on without the handler.
        case giveUp
    }
}
