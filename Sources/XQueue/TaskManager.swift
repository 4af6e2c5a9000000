public import CoreMetrics
public import Logging
public import ServiceLifecycle
import Synchronization
public import Tracing
public import XQueueCore

/// The queue in a Swift program: submits tasks, queries them, and runs handlers.
///
/// ```swift
/// let manager = TaskManager(store: try SQLiteStore(path: "xqueue.db"))
/// try manager.register(Resize(), maxConcurrency: 10)
/// try await manager.submit(Resize.self, request)
/// ```
///
/// Submissions and queries work immediately; handlers run while ``run()`` does, which a `ServiceGroup` calls. A
/// manager whose `run()` is never called only submits and queries; call ``close()`` when it is no longer needed.
public final class TaskManager: Service {
    /// This node's name in leases, `worker_id` and statistics.
    public let workerID: String
    public let configuration: QueueConfiguration
    let store: any Store
    let submitter: TaskSubmitter
    let feeder: IntakeFeeder?
    let registry: HandlerRegistry
    /// Around every submission; the first one is outermost.
    let submissionMiddleware: Mutex<[any SubmissionMiddleware]>
    let ids: TaskIDGenerator
    let context: EngineContext
    let pool: WorkerPool
    /// When the manager was created.
    let madeAt: MonotonicInstant
    /// The store's clock, which dates identifiers and node records.
    let storeTime: StoreTime
    let cluster: ClusterView
    let births: BirthWatch
    let process: HostProcess
    let remoteWorkers: RemoteWorkers
    let leaseDesk: LeaseDesk
    package let eventBus: EventBus
    let drainers = Mutex<[SinkDrainer]>([])

    package var clock: any QueueClock { context.clock }
    package var metrics: QueueMetrics { context.metrics }

    /// - Parameters:
    ///   - store: Where tasks are kept. The manager closes it when ``run()`` ends.
    ///   - intake: A durable log in front of the store: a task is accepted once the log has it, and fed from
    ///     there into the store while ``run()`` runs. The manager closes it as well.
    ///   - configuration: Concurrency, grace periods, retention and other limits.
    ///   - logger: Logs what an operator must know.
    ///   - factory: Receives metrics.
    ///   - tracer: Records spans of submissions and attempts.
    ///   - clock: For waiting, and for dates until the store has reported its own clock, which dates everything else.
    ///   - random: For identifiers and back-off.
    public convenience init(
        store: any Store,
        intake: (any TaskIntake)? = nil,
        configuration: QueueConfiguration = QueueConfiguration(),
        logger: Logger = Logger(label: "xqueue"),
        metrics factory: any MetricsFactory = MetricsSystem.factory,
        tracer: any Tracer = InstrumentationSystem.tracer,
        clock: any QueueClock = SystemQueueClock(),
        random: any RandomSource = SystemRandomSource()
    ) {
        self.init(
            store: store, intake: intake, configuration: configuration, logger: logger, metrics: factory,
            tracer: tracer, clock: clock, random: random, ids: nil)
    }

    /// - Parameter ids: Generates identifiers, for several managers of one process to keep their order; nil for a
    ///   generator of this manager's own.
    package init(
        store: any Store, intake: (any TaskIntake)? = nil, configuration: QueueConfiguration,
        logger: Logger, metrics factory: any MetricsFactory = MetricsSystem.factory,
        tracer: any Tracer = InstrumentationSystem.tracer, clock: any QueueClock, random: any RandomSource,
        ids: TaskIDGenerator?
    ) {
        let context = EngineContext(
            clock: clock, random: random, metrics: QueueMetrics(factory), logger: logger)
        let store = MeteredStore(store, context.metrics)
        let tracer = QueueTracer(tracer)
        let registry = HandlerRegistry(
            middleware: [AttemptTimer(metrics: context.metrics)] + (tracer.map { [$0] } ?? []))
        let storeTime = StoreTime(store: store, clock: clock)
        let cluster = ClusterView(store: store, clock: clock)
        let births = BirthWatch(store: store, context: context) {
            guard configuration.runsWorkers else { return [] }
            return registry.limits.compactMap { type, limit in limit.map { (type: type, limit: $0) } }
        }
        self.context = context
        self.store = store
        self.registry = registry
        submissionMiddleware = Mutex(tracer.map { [$0] } ?? [])
        self.configuration = configuration
        self.storeTime = storeTime
        self.cluster = cluster
        self.births = births
        self.ids = ids ?? TaskIDGenerator(random: random) { storeTime.now() }
        process = HostProcess.current
        workerID = configuration.workerID ?? NodeName.make(process, random: random)
        madeAt = clock.instant()

        let unserved = UnservedTypes(
            cluster, maxAge: configuration.heartbeatInterval, context: context
        ) { type in
            configuration.runsWorkers && registry.handler(of: type) != nil
        }
        let storeWatch = StoreWatch()
        submitter = TaskSubmitter(
            store: store, intake: intake, storeWatch: storeWatch, unserved: unserved, context: context,
            logMetrics: intake.map { context.metrics.intake($0.name) })
        feeder = intake.map {
            IntakeFeeder(
                $0, store: store, configuration: configuration, context: context, storeTime: storeTime,
                storeWatch: storeWatch, inserted: unserved.note)
        }

        let attempts = Attempts(
            store: store, births: births, configuration: configuration, context: context)
        pool = WorkerPool(attempts, registry: registry, workerID: workerID)
        let held = HeldLeases()
        remoteWorkers = RemoteWorkers(
            store: store, cluster: cluster, held: held, configuration: configuration,
            storeTime: storeTime, context: context)
        leaseDesk = LeaseDesk(attempts, held: held, workers: remoteWorkers)

        eventBus = EventBus(
            store: store,
            limits: EventBus.Limits(
                subscribers: configuration.maxSubscribers, bytes: configuration.maxSubscriberBytes,
                filterValues: configuration.maxFilterValues,
                allFilterValues: configuration.maxAllFilterValues),
            context: context)
    }

    // MARK: - Handlers

    /// Serves the handler's type in this process.
    ///
    /// - Parameters:
    ///   - handler: Replaces an earlier one of the same type.
    ///   - maxConcurrency: Maximum number of tasks of the type that run simultaneously, across all nodes; nil keeps
    ///     the stored limit. It is stored when ``run()`` starts, and the node that starts last wins.
    /// - Throws: ``QueueError`` of code ``QueueError/Code/invalidField`` for an illegal type or limit.
    public func register<Handler: TaskHandler>(
        _ handler: Handler, maxConcurrency: Int? = nil
    ) throws(QueueError) where Handler.Output: Encodable {
        try register(Handler.type, maxConcurrency: maxConcurrency) { task in
            try await handler.handle(task)
        }
    }

    /// Serves the type of a handler that returns nothing; its tasks have no result.
    public func register<Handler: TaskHandler>(
        _ handler: Handler, maxConcurrency: Int? = nil
    ) throws(QueueError) where Handler.Output == Void {
        try register(Handler.type, maxConcurrency: maxConcurrency) { task in
            try await handler.handle(task)
        }
    }

    /// Serves `type` with a closure that takes and returns `Codable` values.
    public func register<Payload: Decodable & Sendable, Output: Encodable & Sendable>(
        _ type: String, maxConcurrency: Int? = nil,
        _ handle: @escaping @Sendable (TaskContext<Payload>) async throws -> Output
    ) throws(QueueError) {
        try register(type, maxConcurrency: maxConcurrency) { task -> RawJSON? in
            let output = try await handle(try task.decoded())
            do {
                return try RawJSON(encoding: output)
            } catch {
                throw TaskFailure("the result cannot be encoded: \(error)", isPermanent: true)
            }
        }
    }

    /// Serves `type` with a closure that takes a `Decodable` value and returns nothing.
    public func register<Payload: Decodable & Sendable>(
        _ type: String, maxConcurrency: Int? = nil,
        _ handle: @escaping @Sendable (TaskContext<Payload>) async throws -> Void
    ) throws(QueueError) {
        try register(type, maxConcurrency: maxConcurrency) { task -> RawJSON? in
            try await handle(try task.decoded())
            return nil
        }
    }

    /// Serves `type` with a closure that takes and returns raw JSON.
    public func register(
        _ type: String, maxConcurrency: Int? = nil,
        _ handle: @escaping @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) throws(QueueError) {
        try TaskSubmission.check(type: type)
        if let maxConcurrency, !(1...ModelLimits.maxConcurrency ~= maxConcurrency) {
            throw .invalid(
                "max_concurrency", "of type \(type) must be 1 to \(ModelLimits.maxConcurrency)")
        }
        registry.add(type, maxConcurrency: maxConcurrency, handle)
    }

    // MARK: - Middleware

    /// Runs `middleware` around every attempt in this process, inside of what was added before. If it is a
    /// ``SubmissionMiddleware`` as well, it also runs around every submission.
    public func add(_ middleware: some AttemptMiddleware) { install(middleware) }

    /// Runs `middleware` around every submission through this process, inside of what was added before. If it is an
    /// ``AttemptMiddleware`` as well, it also runs around every attempt.
    public func add(_ middleware: some SubmissionMiddleware) { install(middleware) }

    /// Runs `middleware` around every attempt and every submission in this process.
    public func add(_ middleware: some AttemptMiddleware & SubmissionMiddleware) { install(middleware) }

    /// Whichever of its sides the caller's type shows, it is installed with all it has.
    private func install(_ middleware: any Sendable) {
        if let side = middleware as? any AttemptMiddleware { registry.add(side) }
        if let side = middleware as? any SubmissionMiddleware {
            submissionMiddleware.withLock { $0.append(side) }
        }
    }

    // MARK: - Life

    /// Runs handlers and maintenance, as a node of the cluster, until the service group shuts down gracefully or the
    /// Swift task is canceled.
    ///
    /// At shutdown it stops claiming, lets running tasks finish within the grace period, releases the rest without
    /// using up a retry, and closes the store.
    ///
    /// - Throws: ``QueueError`` if the store cannot be used at start. One that only does not respond is waited for.
    public func run() async throws {
        do {
            if configuration.runsWorkers {
                try await attempt(checkBirth)
            }
            await runServices()
        } catch {
            await close()
            throw error
        }
        await close()
    }

    /// Checks early what the first claim would check. A store that does not respond is waited for by those who need it.
    private func checkBirth() async throws(StoreError) {
        do throws(StoreError) {
            try await births.check()
        } catch {
            guard error.code == .unavailable else { throw error }
            context.logger.warning("The store does not respond; retrying", metadata: ["error": "\(error)"])
        }
    }

    /// Closes the store and the log in front of it; later calls throw ``QueueError/Code/storeUnavailable``.
    ///
    /// For a manager that only submits and queries; ``run()`` closes them itself when it ends. A second call does
    /// nothing.
    public func close() async {
        eventBus.stop()
        await feeder?.intake.close()
        await store.close()
    }

    private func runServices() async {
        await storeTime.prepare(waits: true)
        let lease = LeaseHolder(
            .maintenance, store: store, nodeID: workerID, duration: configuration.maintenanceLease,
            context: context)
        let types = TypeCleaner(
            store: store, cluster: cluster, ownTypes: { self.ownTypes },
            batch: configuration.maintenanceBatch, context: context)
        let maintenance = Maintenance(
            store: store, lease: lease, types: types, configuration: configuration, context: context,
            confirm: pool.confirmOverdue)
        let announcer = NodeAnnouncer(
            store: store, node: { self.currentNode() }, interval: configuration.heartbeatInterval,
            context: context, announced: cluster.invalidate, births: births)
        // Unstructured, so that it can end what the others wait for. Ended and awaited below.
        let ending = Task { await self.closeStoreInTime() }
        // At shutdown the pool drains while maintenance still runs; then everything else is canceled.
        await withDiscardingTaskGroup { group in
            group.addTask { await maintenance.run() }
            group.addTask { await announcer.run() }
            group.addTask { await self.leaseDesk.run() }
            group.addTask { await self.submitter.unserved.run() }
            for drainer in drainers.withLock({ $0 }) { group.addTask { await drainer.run() } }
            if let feeder { group.addTask { await feeder.run() } }
            if configuration.runsWorkers {
                await pool.run()
            } else {
                // It throws if the Swift task is canceled, which ends the run as well.
                try? await gracefulShutdown()
                pool.finished.fulfill()
            }
            group.cancelAll()
        }
        // A Swift task of its own, awaited here: the node is deregistered even after a cancellation.
        await Task { await deregister(lease) }.value
        ending.cancel()
        await ending.value
    }

    /// Closes a store that does not answer, once this node has nothing left to do: whatever still waits for the store
    /// then ends.
    private func closeStoreInTime() async {
        guard await pool.finished.wait() != nil,
            (try? await clock.sleepInRealTime(for: WorkerPool.storePatience)) != nil
        else { return }
        await store.close()
    }

    private func deregister(_ lease: LeaseHolder) async {
        await lease.release()
        do throws(StoreError) {
            try await store.unregister(workerID)
        } catch {
            // The others will miss its heartbeats soon enough.
            context.logger.debug("Could not deregister this node", metadata: ["error": "\(error)"])
        }
    }

    /// Calls the store and converts its error.
    func attempt<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(QueueError) -> Value {
        try await QueueError.wrapping(body)
    }
}
