public import XQueueCore

extension TaskManager {
    /// The task; nil if there is none, or none any more.
    public func task(_ id: TaskID) async throws(QueueError) -> TaskRecord? {
        try await attempt { () async throws(StoreError) in try await self.store.task(id) }
    }

    /// One page of tasks, newest first.
    ///
    /// - Throws: ``QueueError/Code/invalidField`` for a limit outside 1 to 1000 or a negative offset.
    public func tasks(_ query: TaskQuery) async throws(QueueError) -> TaskPage {
        guard 1...1000 ~= query.limit else { throw .invalid("limit", "must be 1 to 1000") }
        guard query.offset >= 0 else { throw .invalid("offset", "must be 0 or more") }
        return try await attempt { () async throws(StoreError) in try await self.store.tasks(query) }
    }

    /// Cancels a task: a pending one at once; a running one is asked to stop, and is canceled when its
    /// handler has stopped or the grace period is over.
    ///
    /// - Returns: The task as it is now.
    @discardableResult
    public func cancel(_ id: TaskID) async throws(QueueError) -> TaskRecord {
        let grace = configuration.gracePeriod
        let outcomes = try await attempt { () async throws(StoreError) in
            try await self.store.cancel([id], grace: grace)
        }
        let record = try changed(outcomes, id)
        if record.status == .canceled { metrics.canceled(record.type) }
        return record
    }

    /// Makes a failed, timed-out or canceled task pending again, with all its retries.
    @discardableResult
    public func retry(_ id: TaskID) async throws(QueueError) -> TaskRecord {
        let outcomes = try await attempt { () async throws(StoreError) in
            try await self.store.requeue([id])
        }
        return try changed(outcomes, id)
    }

    private func changed(
        _ outcomes: [ChangeOutcome], _ id: TaskID
    ) throws(QueueError) -> TaskRecord {
        switch outcomes.first {
        case .changed(let record): return record
        case .refused(let refusal, _): throw QueueError(refusal, task: id)
        case nil: throw QueueError(.notFound, task: id)
        }
    }

    public func statistics() async throws(QueueError) -> QueueStatistics {
        let nodes = try await nodes()
        let intake = await feeder?.report()
        return try await attempt { () async throws(StoreError) in
            let stored = try await self.store.statistics()
            let served = try await self.cluster.servedTypes()
            return QueueStatistics(
                store: stored, types: self.reports(of: stored.types, served: served), nodes: nodes,
                workers: self.load(of: nodes), sinks: try await self.sinkReports(), intake: intake,
                workerID: self.workerID, uptime: self.clock.instant() - self.madeAt)
        }
    }

    /// Throws what is wrong if the queue could not accept a task now.
    public func check() async throws(QueueError) {
        try await attempt { () async throws(StoreError) in try await self.store.check() }
    }

    /// That the store lost its data while this process ran; nil if it has not.
    package var storeLoss: StoreLoss? { births.loss }

    /// The durable log in front of the store, as this node sees it; nil if there is none.
    public func intake() async -> IntakeReport? { await feeder?.report() }

    /// What this node has fed from the log, without asking the log; nil if there is none.
    package var intakeCounts: IntakeCounts? { feeder?.counts }

    /// What the store is, for people: `sqlite`.
    public var storeName: String { store.name }

    /// The load of the other nodes, and of this process, announced or not.
    private func load(of nodes: [NodeRecord]) -> WorkerLoad {
        nodes.filter { $0.id != workerID }.reduce(into: ownLoad) { load, node in
            load.total = load.total.adding(clamped: node.capacity)
            load.active = load.active.adding(clamped: node.running)
            load.stuck = load.stuck.adding(clamped: node.stuck)
        }
    }
}
