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
    let timeoutAt: Timestamp?
    private let progress: ProgressReporter

    private struct State {
        var stopReason: StopReason?
        /// When the attempt is given up if it has not ended by then.
        var giveUpAt: Timestamp?
        var hasEnded = false
        var work: Task<Void, Never>?
    }

    private let state = Mutex(State())

    init?(record: TaskRecord, metrics: WorkMetrics, progress: ProgressReporter) {
        guard let lease = record.lease, let startedAt = record.startedAt else { return nil }
        self.id = AttemptID(taskID: record.id, token: lease.token)
        self.record = record
        self.metrics = metrics
        self.timeoutAt = record.processTimeout.map { startedAt + $0 }
        self.progress = progress
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
    func stop(_ reason: StopReason, giveUpAt: Timestamp) {
        let work = state.withLock { state -> Task<Void, Never>? in
            guard !state.hasEnded else { return nil }
            if let current = state.giveUpAt, current <= giveUpAt { return nil }
            state.stopReason = reason
            state.giveUpAt = giveUpAt
            return state.work
        }
        work?.cancel()
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
    func due(at now: Timestamp) -> (action: DueAction?, next: Timestamp?) {
        state.withLock { state in
            guard !state.hasEnded else { return (nil, nil) }
            if let giveUpAt = state.giveUpAt {
                return giveUpAt <= now ? (.giveUp, nil) : (nil, giveUpAt)
            }
            guard let timeoutAt else { return (nil, nil) }
            return timeoutAt <= now ? (.timeOut, nil) : (nil, timeoutAt)
        }
    }

    enum DueAction {
        /// The process timeout is over: ask the handler to stop.
        case timeOut
        /// The grace period is over too: go on without the handler.
        case giveUp
    }
}
