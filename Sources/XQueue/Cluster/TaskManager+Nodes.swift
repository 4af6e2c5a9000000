public import XQueueCore

extension TaskManager {
    /// The live nodes of the cluster, by identifier. Others are as they last announced themselves; this one,
    /// while ``run()`` runs, and the remote workers it hears of are as they are now.
    public func nodes() async throws(QueueError) -> [NodeRecord] {
        let nodes = try await attempt { () async throws(StoreError) in try await self.cluster.nodes() }
        let remote = remoteWorkers.records()
        return nodes.map { node in
            node.id == workerID ? currentNode(lastSeenAt: node.lastSeenAt) : remote[node.id] ?? node
        }
    }

    /// The types this process serves, by name.
    var ownTypes: [String] { configuration.runsWorkers ? registry.types : [] }

    /// How busy this process is.
    var ownLoad: WorkerLoad {
        configuration.runsWorkers ? pool.load : WorkerLoad(total: 0, active: 0, stuck: 0)
    }

    /// This node, as it is announced.
    func currentNode(lastSeenAt: Timestamp? = nil) -> NodeRecord {
        var roles: NodeRecord.Role = []
        if configuration.servesAPI { roles.insert(.api) }
        if configuration.runsWorkers { roles.insert(.worker) }
        let load = ownLoad
        return NodeRecord(
            id: workerID, host: process.host, processID: process.id, version: configuration.version,
            startedAt: storeTime.date(of: madeAt), lastSeenAt: lastSeenAt, types: ownTypes,
            capacity: load.total,
            running: load.active, stuck: load.stuck, roles: roles)
    }
}
