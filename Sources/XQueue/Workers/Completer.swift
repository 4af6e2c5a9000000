import Logging
import Synchronization
import XQueueCore

/// Brings the ends of attempts to the store: while one batch is being stored, the next one gathers.
final class Completer: Sendable {
    /// The most ends in one call of the store.
    private static let batch = 1000

    /// How an attempt ended, with where that is counted once it is stored. The table does not tell: as soon as the store has
    /// this end, it may hand out the task's next attempt, which takes the place in the table.
    private struct End {
        let settlement: Settlement
        let metrics: WorkMetrics
    }

    private struct State {
        var waiting: [End] = []
        var underWay = 0
        var isFinishing = false
        /// ``run()`` has returned.
        var isOver = false
        /// How many ends there have been, and how many of them are stored; they are stored in their order.
        var added = 0
        var stored = 0
        /// Those who wait until so many are stored, or cannot be.
        var flushers: [Flusher] = []

        mutating func takeFlushers(upTo number: Int) -> [Flusher] {
            let ready = flushers.filter { $0.target <= number }
            flushers.removeAll { $0.target <= number }
            return ready
        }
    }

    private struct Flusher {
        let target: Int
        let continuation: CheckedContinuation<StoreError?, Never>
    }

    private let store: any TaskStore
    private let table: AttemptTable
    private let clock: any QueueClock
    private let random: any RandomSource
    private let logger: Logger
    private let bell = Bell()
    /// Ends a pause after a failure early.
    private let hurry = Bell()
    /// Rings after each batch, for whoever waits for room or for the end.
    let progressed: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        store: any TaskStore, table: AttemptTable, clock: any QueueClock, random: any RandomSource,
        logger: Logger, progressed: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.table = table
        self.clock = clock
        self.random = random
        self.logger = logger
        self.progressed = progressed
    }

    /// How many ends are not stored yet.
    var backlog: Int { state.withLock { $0.waiting.count + $0.underWay } }

    /// Takes the end of an attempt, to store it soon.
    ///
    /// - Parameters:
    ///   - settlement: How the attempt ended.
    ///   - metrics: The instruments of its type.
    func add(_ settlement: Settlement, _ metrics: WorkMetrics) {
        let end = End(settlement: settlement, metrics: metrics)
        let isFirst = state.withLock { state in
            state.waiting.append(end)
            state.added += 1
            return state.waiting.count == 1
        }
        if isFirst { bell.ring() }
    }

    /// Tries at once to store all that waits now.
    ///
    /// - Throws: Why that was not possible.
    func flush() async throws(StoreError) {
        let failure: StoreError? = await withCheckedContinuation { continuation in
            let isStored = state.withLock { state in
                if state.stored == state.added || state.isOver { return true }
                state.flushers.append(Flusher(target: state.added, continuation: continuation))
                return false
            }
            if isStored { continuation.resume(returning: nil) } else { hurry.ring() }
        }
        if let failure { throw failure }
    }

    /// Lets ``run()`` return once everything is stored.
    func finish() {
        state.withLock { $0.isFinishing = true }
        bell.ring()
    }

    /// Stores ends until ``finish()`` was called and none is left, or the Swift task is canceled.
    func run() async {
        defer { end() }
        var backOff = BackOff(random: random)
        while true {
            let (batch, isFinishing) = state.withLock { state in
                let batch = Array(state.waiting.prefix(Self.batch))
                state.waiting.removeFirst(batch.count)
                state.underWay = batch.count
                return (batch, state.isFinishing)
            }
            if batch.isEmpty {
                if isFinishing || Task.isCancelled { return }
                await bell.wait()
                continue
            }
            do throws(StoreError) {
                let outcomes = try await store.settle(batch.map(\.settlement))
                backOff.reset()
                settled(batch, outcomes)
            } catch {
                logger.error(
                    "The ends of attempts cannot be stored; trying again",
                    metadata: ["error": "\(error)", "count": "\(batch.count)"])
                state.withLock { state in
                    state.waiting.insert(contentsOf: batch, at: 0)
                    state.underWay = 0
                }
                let flushers = state.withLock { $0.takeFlushers(upTo: .max) }
                for flusher in flushers { flusher.continuation.resume(returning: error) }
                await hurry.wait(until: clock.instant() + backOff.next(), clock: clock)
                if Task.isCancelled { return }
            }
        }
    }

    private func end() {
        let flushers = state.withLock { state in
            state.isOver = true
            return state.takeFlushers(upTo: .max)
        }
        for flusher in flushers { flusher.continuation.resume(returning: nil) }
    }

    private func settled(_ batch: [End], _ outcomes: [SettleOutcome]) {
        for (end, outcome) in zip(batch, outcomes) {
            let settlement = end.settlement
            table.remove(settlement.attempt)
            end.metrics.settled(settlement.outcome, outcome)
            if case .refused(let refusal) = outcome {
                logger.debug(
                    "An attempt's end came too late",
                    metadata: ["task.id": "\(settlement.attempt.taskID)", "reason": "\(refusal.rawValue)"])
            }
        }
        let flushers = state.withLock { state in
            state.underWay = 0
            state.stored += batch.count
            return state.takeFlushers(upTo: state.stored)
        }
        for flusher in flushers { flusher.continuation.resume(returning: nil) }
        progressed()
    }
}
