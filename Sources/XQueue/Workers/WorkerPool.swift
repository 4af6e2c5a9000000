import Logging
import ServiceLifecycle
import Synchronization
import XQueueCore

/// Runs handlers: claims tasks into free slots; ends, renews and stops their attempts.
final class WorkerPool: Sendable {
    let attempts: Attempts
    let registry: HandlerRegistry
    let workerID: String
    let configuration: QueueConfiguration
    let context: EngineContext
    let slots: Slots
    let table = AttemptTable()
    let progress: ProgressReporter
    let completer: Completer
    let deadlines: DeadlineKeeper
    /// Wakes the dispatcher: a task may be ready, or a slot is free.
    let work = AsyncEvent()
    /// Wakes the lease keeper early.
    let renewal = AsyncEvent()
    /// Whether the last attempt to extend leases failed.
    let isCutOff = Atomic(false)
    /// When the claim in flight was sent; nil between claims.
    let claimAskedAt = Mutex<MonotonicInstant?>(nil)
    /// Whether a cancellation was requested since the last claim was sent, perhaps of a task that it returns.
    let mayHaveMissedCancel = Atomic(false)
    /// Signals the end of a claim.
    let claimEnded = AsyncEvent()
    /// Signals that the pool may be empty.
    private let drained = AsyncEvent()
    /// Fulfilled when the pool is to stop.
    private let stopped = AsyncPromise<Void>()
    /// Fulfilled when the pool needs nothing more from the store: whatever still waits for it may be ended.
    let finished = AsyncPromise<Void>()
    private let isStopping = Atomic(false)
    /// Fulfilled when the dispatcher has ended.
    private let dispatched = AsyncPromise<Void>()

    init(_ attempts: Attempts, registry: HandlerRegistry, workerID: String) {
        self.attempts = attempts
        self.registry = registry
        self.workerID = workerID
        configuration = attempts.configuration
        context = attempts.context
        slots = Slots(total: max(configuration.maxConcurrency, 1))
        progress = ProgressReporter(store: attempts.store, context)
        deadlines = DeadlineKeeper(table: table, clock: context.clock)
        completer = Completer(
            attempts, table: table,
            progressed: { [work, drained] in
                work.signal()
                drained.signal()
            })
    }

    var load: WorkerLoad { slots.load }

    var shouldStop: Bool { isStopping.load(ordering: .acquiring) }

    /// Runs until a graceful shutdown or a cancellation, then drains.
    func run() async {
        // Before the first claim, so that nothing is missed in between.
        let signals = attempts.store.signals()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.progress.run() }
            group.addTask { await self.confirmLeases() }
            group.addTask { await self.deadlines.run(onDue: self.handle) }
            group.addTask { await self.listen(to: signals) }
            group.addTask { await self.pollSlowly() }
            // Unstructured: ends of attempts are stored even after a cancellation. Ended by `finish()` below, and
            // awaited.
            let completing = Task { await self.completer.run() }
            let dispatching = await dispatchUntilStopped()
            let graceEnd = context.clock.instant() + configuration.gracePeriod
            // A claim in flight gets a moment to return.
            await dispatched.wait(atMost: Self.storePatience, clock: context.clock)
            await drain(until: graceEnd)
            completer.finish()
            await waitForCompleter(until: graceEnd)
            finished.fulfill()
            group.cancelAll()
            completing.cancel()
            await completing.value
            await dispatching.value
        }
    }

    /// Returns when the pool is to stop, with the dispatcher, which may still be waiting for the store.
    private func dispatchUntilStopped() async -> Task<Void, Never> {
        // Unstructured, so that a store that does not answer blocks nothing. Canceled below; ends then, or when the
        // store is closed.
        let dispatching = Task {
            await self.dispatch()
            self.dispatched.fulfill()
        }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await stopped.value
            } onGracefulShutdown: {
                self.stop()
            }
        } onCancel: {
            self.stop()
        }
        dispatching.cancel()
        return dispatching
    }

    private func stop() {
        isStopping.store(true, ordering: .releasing)
        stopped.fulfill()
    }

    /// A slot was freed by a handler that returned.
    func slotFreed() {
        work.signal()
        if shouldStop { drained.signal() }
    }

    // MARK: - Shutdown

    /// How long a stopping node waits for a store that may not answer.
    static let storePatience = Duration.milliseconds(500)

    private func drain(until graceEnd: MonotonicInstant) async {
        await waitUntilIdle(before: graceEnd)
        guard slots.running > 0 else { return }
        context.logger.notice(
            "Releasing running tasks",
            metadata: ["count": "\(slots.running)"])
        let giveUpAt = context.clock.instant() + configuration.stopPeriod
        for attempt in table.all { stop(attempt, .shutdown, giveUpAt: giveUpAt) }
        await waitUntilIdle(before: giveUpAt)
        for attempt in table.all { giveUp(attempt) }
    }

    private func waitUntilIdle(before deadline: MonotonicInstant) async {
        while slots.running > 0, context.clock.instant() < deadline, !Task.isCancelled {
            await drained.wait(until: deadline, clock: context.clock)
        }
    }

    /// Waits for a store that does not answer no longer than the rest of the grace period, or a moment if none is
    /// left.
    private func waitForCompleter(until graceEnd: MonotonicInstant) async {
        let deadline = max(graceEnd, context.clock.instant() + Self.storePatience)
        while completer.backlog > 0, context.clock.instant() < deadline {
            // A canceled Swift task cannot wait: one look is all.
            if Task.isCancelled { break }
            await drained.wait(until: deadline, clock: context.clock)
        }
        if completer.backlog > 0 {
            context.logger.error(
                "Could not store the ends of attempts before shutdown",
                metadata: ["count": "\(completer.backlog)"])
        }
    }

    // MARK: - Loops

    private func listen(to signals: AsyncStream<StoreSignal>) async {
        for await signal in signals {
            switch signal {
            case .ready: work.signal()
            case .cancelRequested(let id): cancelRequested(id)
            case .due: break
            }
        }
    }

    private func pollSlowly() async {
        while (try? await context.clock.sleep(for: configuration.pollInterval)) != nil {
            work.signal()
        }
    }
}
