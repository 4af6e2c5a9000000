import Logging
import Synchronization
import XQueueCore

/// Stores the outcomes of attempts: while one batch is being stored, the next one gathers.
final class Completer: Sendable {
    /// Maximum number of outcomes per store call.
    private static let batch = 1000

    /// How an attempt ended, and the instruments that count it once stored. They cannot come from the table: as soon
    /// as the store has this end, the task's next attempt may take the place in the table.
    private struct End {
        let settlement: Settlement
        let metrics: WorkMetrics
    }

    private struct State {
        var waiting: [End] = []
        var underWay = 0
        var isFinishing = false
        /// ``run()`` has returned.
        var hasEnded = false
        /// How many ends were added, and how many of them are stored; they are stored in order.
        var added = 0
        var stored = 0
        /// Callers that wait until a number of ends is stored, or cannot be.
        var flushers: [Flusher] = []

        mutating func takeFlushers(upTo number: Int) -> [Flusher] {
            let ready = flushers.filter { $0.target <= number }
            flushers.removeAll { $0.target <= number }
            return ready
        }
    }

    private struct Flusher {
        let target: Int
        /// Fulfilled with nil once they are stored, or with the error.
        let done = AsyncPromise<StoreError?>()
    }

    private let attempts: Attempts
    private let table: AttemptTable
    private let bell = AsyncEvent()
    /// Cuts short the pause after a failure.
    private let retryNow = AsyncEvent()
    /// Called after each batch, for those that wait for room or for the end.
    let progressed: @Sendable () -> Void
    private let state = Mutex(State())

    init(_ attempts: Attempts, table: AttemptTable, progressed: @escaping @Sendable () -> Void) {
        self.attempts = attempts
        self.table = table
        self.progressed = progressed
    }

    /// Number of ends not stored yet.
    var backlog: Int { state.withLock { $0.waiting.count + $0.underWay } }

    /// Adds the end of an attempt, which is stored soon.
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
        if isFirst { bell.signal() }
    }

    /// Tries immediately to store all ends added so far.
    ///
    /// - Throws: ``StoreError`` if the store fails.
    func flush() async throws(StoreError) {
        let flusher = state.withLock { state -> Flusher? in
            if state.stored == state.added || state.hasEnded { return nil }
            let flusher = Flusher(target: state.added)
            state.flushers.append(flusher)
            return flusher
        }
        guard let flusher else { return }
        retryNow.signal()
        if let failure = await flusher.done.value { throw failure }
    }

    /// Lets ``run()`` return once everything is stored.
    func finish() {
        state.withLock { $0.isFinishing = true }
        bell.signal()
    }

    /// Stores ends until ``finish()`` was called and none is left, or the Swift task is canceled.
    func run() async {
        defer { end() }
        let context = attempts.context
        var backOff = context.backOff()
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
                let outcomes = try await attempts.store.settle(batch.map(\.settlement))
                backOff.reset()
                settled(batch, outcomes)
            } catch {
                context.logger.error(
                    "Could not store the outcomes of attempts; retrying",
                    metadata: ["error": "\(error)", "count": "\(batch.count)"])
                state.withLock { state in
                    state.waiting.insert(contentsOf: batch, at: 0)
                    state.underWay = 0
                }
                let flushers = state.withLock { $0.takeFlushers(upTo: .max) }
                for flusher in flushers { flusher.done.fulfill(error) }
                await retryNow.wait(
                    until: context.clock.instant() + backOff.next(), clock: context.clock)
                if Task.isCancelled { return }
            }
        }
    }

    private func end() {
        let flushers = state.withLock { state in
            state.hasEnded = true
            return state.takeFlushers(upTo: .max)
        }
        for flusher in flushers { flusher.done.fulfill(nil) }
    }

    private func settled(_ batch: [End], _ outcomes: [SettleOutcome]) {
        for (end, outcome) in zip(batch, outcomes) {
            table.remove(end.settlement.attempt)
            attempts.settled(end.settlement, outcome, end.metrics)
        }
        let flushers = state.withLock { state in
            state.underWay = 0
            state.stored += batch.count
            return state.takeFlushers(upTo: state.stored)
        }
        for flusher in flushers { flusher.done.fulfill(nil) }
        progressed()
    }
}
