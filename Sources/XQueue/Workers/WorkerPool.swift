import Logging
import ServiceLifecycle
import Synchronization
import XQueueCore

/// Runs handlers: claims tasks into free slots, and ends, confirms and stops their attempts.
final class WorkerPool: Sendable {
    let store: any TaskStore
    let births: BirthWatch
    let registry: HandlerRegistry
    let workerID: String
    let configuration: QueueConfiguration
    let metrics: QueueMetrics
    let tracer: QueueTracer
    let clock: any QueueClock
    let random: any RandomSource
    let logger: Logger
    let slots: Slots
    let table = AttemptTable()
    let progress: ProgressReporter
    let completer: Completer
    let deadlines: DeadlineKeeper
    let returns: ReturnPacer
    /// Wakes the dispatcher: a task may be ready, or a slot it wanted is free.
    let work = Bell()
    /// Wakes whoever extends leases, before it is time.
    let renewal = Bell()
    /// Whether leases could not be extended when that was last tried.
    let isCutOff = Atomic(false)
    /// Wakes whoever waits for the pool to run empty.
    private let drained = Bell()
    /// Rings when the pool is to stop.
    private let stopped = Bell()
    /// Rings when nothing is left that the pool wants from the store: whatever it still waits for may be ended.
    let finished = Bell()
    private let isStopping = Atomic(false)
    private let isDispatching = Atomic(true)

    init(
        store: any TaskStore, births: BirthWatch, registry: HandlerRegistry, workerID: String,
        configuration: QueueConfiguration, metrics: QueueMetrics, tracer: QueueTracer,
        clock: any QueueClock, random: any RandomSource, logger: Logger
    ) {
        self.store = store
        self.births = births
        self.registry = registry
        self.workerID = workerID
        self.configuration = configuration
        self.metrics = metrics
        self.tracer = tracer
        self.clock = clock
        self.random = random
        self.logger = logger
        slots = Slots(total: max(configuration.maxConcurrency, 1))
        progress = ProgressReporter(store: store, clock: clock, logger: logger)
        deadlines = DeadlineKeeper(table: table, clock: clock)
        returns = ReturnPacer(clock: clock)
        completer = Completer(
            store: store, table: table, clock: clock, random: random, logger: logger,
            progressed: { [work, drained] in
                work.ring()
                drained.ring()
            })
    }

    var load: WorkerLoad { slots.load }

    var shouldStop: Bool { isStopping.load(ordering: .acquiring) }

    /// Runs until a graceful shutdown or a cancellation, then drains.
    func run() async {
        // Before the first look, so that nothing happens unnoticed between the two.
        let signals = store.signals()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.progress.run() }
            group.addTask { await self.confirmLeases() }
            group.addTask { await self.deadlines.run(onDue: self.handle) }
            group.addTask { await self.listen(to: signals) }
            group.addTask { await self.pollSlowly() }
            // Not a child of the group: the ends of attempts are stored even after a cancellation. It is
            // ended by `finish()` below, and awaited.
            let completing = Task { await self.completer.run() }
            let dispatching = await dispatchUntilStopped()
            let graceEnd = clock.instant() + configuration.gracePeriod
            await waitForDispatcher()
            await drain(until: graceEnd)
            completer.finish()
            await waitForCompleter(until: graceEnd)
            finished.ring()
            group.cancelAll()
            completing.cancel()
            await completing.value
            await dispatching.value
        }
    }

    /// Returns when the pool is to stop, with the dispatcher, which may still wait for the store.
    private func dispatchUntilStopped() async -> Task<Void, Never> {
        // Not a child of anything, so that a store that does not answer holds up nobody. It ends soon after it was
        // canceled here, or else with the store.
        let dispatching = Task {
            await self.dispatch()
            self.isDispatching.store(false, ordering: .releasing)
            self.drained.ring()
        }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await stopped.wait()
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
        stopped.ring()
    }

    /// Gives a claim that is under way a moment to come back.
    private func waitForDispatcher() async {
        let limit = ContinuousClock.now + Self.storePatience
        while isDispatching.load(ordering: .acquiring), ContinuousClock.now < limit, !Task.isCancelled {
            await drained.wait(atMost: limit - ContinuousClock.now)
        }
    }

    /// A slot was freed by a handler that returned.
    func slotFreed() {
        work.ring()
        if shouldStop { drained.ring() }
    }

    // MARK: - Shutdown

    /// How long a node that ends waits for a store that may not answer.
    static let storePatience = Duration.milliseconds(500)

    private func drain(until graceEnd: MonotonicInstant) async {
        await waitUntilIdle(before: graceEnd)
        guard slots.running > 0 else { return }
        logger.notice(
            "Running tasks are returned to the queue",
            metadata: ["count": "\(slots.running)"])
        let giveUpAt = clock.instant() + configuration.stopPeriod
        for attempt in table.all { stop(attempt, .shutdown, giveUpAt: giveUpAt) }
        await waitUntilIdle(before: giveUpAt)
        for attempt in table.all { giveUp(attempt) }
    }

    private func waitUntilIdle(before deadline: MonotonicInstant) async {
        while slots.running > 0, clock.instant() < deadline, !Task.isCancelled {
            await drained.wait(until: deadline, clock: clock)
        }
    }

    /// Gives a store that does not answer no longer than the rest of the grace period, or a moment if nothing is
    /// left of that.
    private func waitForCompleter(until graceEnd: MonotonicInstant) async {
        let deadline = max(graceEnd, clock.instant() + Self.storePatience)
        while completer.backlog > 0, clock.instant() < deadline {
            // A canceled Swift task does not wait at a bell; it leaves after one look.
            if Task.isCancelled { break }
            await drained.wait(until: deadline, clock: clock)
        }
        if completer.backlog > 0 {
            logger.error(
                "The ends of attempts could not be stored before the shutdown",
                metadata: ["count": "\(completer.backlog)"])
        }
    }

    // MARK: - Loops

    private func listen(to signals: AsyncStream<StoreSignal>) async {
        for await signal in signals {
            switch signal {
            case .ready: work.ring()
            case .cancelRequested(let id): cancelRequested(id)
            case .due: break
            }
        }
    }

    private func pollSlowly() async {
        while (try? await clock.sleep(for: configuration.pollInterval)) != nil {
            work.ring()
        }
    }
}
