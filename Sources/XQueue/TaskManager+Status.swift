public import XQueueCore

/// The state of the queue and its nodes.
extension TaskManager {
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

    /// Checks that the queue can accept tasks now; throws the reason if it cannot.
    public func check() async throws(QueueError) {
        try await attempt { () async throws(StoreError) in try await self.store.check() }
    }

    /// The store's loss of data while this process ran; nil if there was none.
    package var storeLoss: StoreLoss? { births.loss }

    /// The durable log in front of the store, as this node sees it; nil if there is none.
    public func intake() async -> IntakeReport? { await feeder?.report() }

    /// What this node has fed from the log, without asking the log; nil without a log.
    package var intakeCounts: IntakeCounts? { feeder?.counts }

    /// The store's kind, for people: `sqlite`.
    public var storeName: String { store.name }

    /// The load of the other nodes, and of this process, registered or not.
    private func load(of nodes: [NodeRecord]) -> WorkerLoad {
        nodes.filter { $0.id != workerID }.reduce(into: ownLoad) { load, node in
            load.total = load.total.adding(clamped: node.load.total)
            load.active = load.active.adding(clamped: node.load.active)
            load.stuck = load.stuck.adding(clamped: node.load.stuck)
        }
    }

    // MARK: - Nodes

    /// Returns the live nodes of the cluster, by identifier. Other nodes are as of their last heartbeat; this one,
    /// while ``run()`` runs, and the remote workers that call it are current.
    public func nodes() async throws(QueueError) -> [NodeRecord] {
        let nodes = try await attempt { () async throws(StoreError) in try await self.cluster.nodes() }
        let remote = remoteWorkers.records()
        return nodes.map { node in
            node.id == workerID ? currentNode(lastSeenAt: node.lastSeenAt) : remote[node.id] ?? node
        }
    }

    /// The types this process serves, by name.
    package var ownTypes: [String] { configuration.runsWorkers ? registry.types : [] }

    /// The load of this process.
    var ownLoad: WorkerLoad {
        configuration.runsWorkers ? pool.load : WorkerLoad(total: 0, active: 0, stuck: 0)
    }

    /// This node's record.
    func currentNode(lastSeenAt: Timestamp? = nil) -> NodeRecord {
        var roles: NodeRecord.Role = []
        if configuration.servesAPI { roles.insert(.api) }
        if configuration.runsWorkers { roles.insert(.worker) }
        return NodeRecord(
            id: workerID,
            program: NodeRecord.Program(
                host: process.host, processID: process.id, version: configuration.version,
                startedAt: storeTime.date(of: madeAt)),
            lastSeenAt: lastSeenAt, types: ownTypes, load: ownLoad, roles: roles)
    }
}
