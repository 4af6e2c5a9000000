import Logging
import Synchronization
import XQueueCore

/// Registers the remote workers that call this node, as the node registers itself.
///
/// A worker that is silent for three heartbeats is dropped, here and in the cluster.
final class RemoteWorkers: Sendable {
    private struct Presence {
        var worker: RemoteWorker
        /// The number of tasks it last requested; used if it reports no capacity.
        var maxTasks = 1
        let startedAt: MonotonicInstant
        var seenAt: MonotonicInstant
        /// How many of its requests are waiting for tasks.
        var polls = 0

        func lastContact(_ now: MonotonicInstant) -> MonotonicInstant { polls > 0 ? now : seenAt }
    }

    private let store: any Store
    private let cluster: ClusterView
    private let configuration: QueueConfiguration
    private let storeTime: StoreTime
    private let context: EngineContext
    private let held: HeldLeases
    private let known = Mutex<[String: Presence]>([:])

    init(
        store: any Store, cluster: ClusterView, held: HeldLeases, configuration: QueueConfiguration,
        storeTime: StoreTime, context: EngineContext
    ) {
        self.store = store
        self.cluster = cluster
        self.held = held
        self.configuration = configuration
        self.storeTime = storeTime
        self.context = context
    }

    /// Notes contact with a worker. A new one, or one whose types have changed, is registered immediately.
    ///
    /// - Throws: ``QueueError`` if its name belongs to a node or another owner, or there are too many workers.
    func noteContact(_ worker: RemoteWorker, maxTasks: Int? = nil) async throws(QueueError) {
        let isKnown = try known.withLock { known throws(QueueError) -> Bool in
            guard var presence = known[worker.name] else { return false }
            try Self.check(presence.worker.types, isOf: worker)
            let isSame = presence.worker.types == worker.types
            presence.worker = worker
            presence.maxTasks = maxTasks ?? presence.maxTasks
            presence.seenAt = context.clock.instant()
            known[worker.name] = presence
            return isSame
        }
        if !isKnown { try await register(worker, maxTasks: maxTasks) }
    }

    private func register(_ worker: RemoteWorker, maxTasks: Int?) async throws(QueueError) {
        let nodes = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.cluster.nodes()
        }
        if nodes.contains(where: { $0.id == worker.name && !$0.roles.contains(.remote) }) {
            throw .invalid("worker", "is already the name of a node")
        }
        if let namesake = nodes.first(where: { $0.id == worker.name }) {
            try Self.check(namesake.types, isOf: worker)
        }
        let now = context.clock.instant()
        let presence = try known.withLock { known throws(QueueError) -> Presence? in
            if let namesake = known[worker.name] {
                try Self.check(namesake.worker.types, isOf: worker)
            } else {
                try Self.checkQuota(of: worker, among: known)
            }
            guard known[worker.name] != nil || known.count < configuration.maxRemoteWorkers else {
                return nil
            }
            var presence = known[worker.name] ?? Presence(worker: worker, startedAt: now, seenAt: now)
            presence.worker = worker
            presence.maxTasks = maxTasks ?? presence.maxTasks
            known[worker.name] = presence
            return presence
        }
        guard let presence else {
            throw QueueError(
                .tooManyWorkers, "this node already has \(configuration.maxRemoteWorkers) remote workers")
        }
        let record = record(presence, running: held.count(of: worker.name))
        try await QueueError.wrapping { () async throws(StoreError) in
            try await self.store.register(record, lifetime: self.configuration.heartbeatInterval * 3)
        }
        cluster.invalidate()
    }

    /// Rejects the name of a worker that serves `types` if its owner must not access all of them.
    private static func check(_ types: [String], isOf worker: RemoteWorker) throws(QueueError) {
        guard let owner = worker.owner, !owner.canAccess(types) else { return }
        throw QueueError(
            .workerNameTaken, "another worker is named \(worker.name); choose another name", field: "worker")
    }

    private static func checkQuota(
        of worker: RemoteWorker, among known: [String: Presence]
    ) throws(QueueError) {
        guard let owner = worker.owner, let limit = owner.maxWorkers,
            known.values.count(where: { $0.worker.owner?.name == owner.name }) >= limit
        else { return }
        throw QueueError(
            .quotaExceeded, "token '\(owner.name)' has reached its quota of \(limit) workers on this node")
    }

    /// Notes that a request of a known worker began or ended its wait for tasks.
    func polls(_ worker: String, _ change: Int) {
        known.withLock { known in
            guard var presence = known[worker] else { return }
            // The worker may have deregistered and come back while the request waited.
            presence.polls = max(presence.polls + change, 0)
            presence.seenAt = context.clock.instant()
            known[worker] = presence
        }
    }

    /// Notes contact with a worker known only by name.
    func touch(_ worker: String) {
        known.withLock { $0[worker]?.seenAt = context.clock.instant() }
    }

    /// Deregisters a worker. Returns whether it was known and accessible to `owner`.
    func deregister(_ worker: String, by owner: WorkerOwner? = nil) async throws(QueueError) -> Bool {
        func isOwned(_ types: [String]) -> Bool { owner?.canAccess(types) ?? true }
        let wasKnown = known.withLock { known in
            guard let presence = known[worker], isOwned(presence.worker.types) else { return false }
            known[worker] = nil
            return true
        }
        let nodes = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.cluster.nodes()
        }
        let isAnnounced = nodes.contains {
            $0.id == worker && $0.roles.contains(.remote) && isOwned($0.types)
        }
        if isAnnounced {
            try await QueueError.wrapping { () async throws(StoreError) in
                try await self.store.unregister(worker)
            }
            cluster.invalidate()
        }
        return wasKnown || isAnnounced
    }

    /// The current state of the workers this node knows, by name.
    func records() -> [String: NodeRecord] {
        let known = known.withLock { $0 }
        guard !known.isEmpty else { return [:] }
        let counts = held.countByWorker(at: context.clock.instant())
        return known.mapValues { record($0, running: counts[$0.worker.name] ?? 0) }
    }

    /// Registers, at every heartbeat, the workers heard from recently, until the Swift task is canceled.
    func run() async {
        let interval = configuration.heartbeatInterval
        while (try? await context.clock.sleep(for: interval)) != nil {
            let now = context.clock.instant()
            let live = known.withLock { known in
                known = known.filter { $0.value.polls > 0 || $0.value.seenAt + interval * 3 > now }
                return known.filter { $0.value.polls > 0 || $0.value.seenAt + interval * 2 > now }
            }
            let counts = held.countByWorker(at: now)
            do throws(StoreError) {
                for (name, presence) in live {
                    let record = record(presence, running: counts[name] ?? 0)
                    try await store.register(
                        record, lifetime: interval * 3 - (now - presence.lastContact(now)))
                }
            } catch {
                context.logger.debug("Could not register remote workers", metadata: ["error": "\(error)"])
            }
            if !live.isEmpty { cluster.invalidate() }
        }
    }

    private func record(_ presence: Presence, running: Int) -> NodeRecord {
        let worker = presence.worker
        let running = worker.running ?? running
        return NodeRecord(
            id: worker.name,
            program: NodeRecord.Program(
                host: worker.host ?? "", processID: worker.processID ?? 0, version: worker.version ?? "",
                startedAt: storeTime.date(of: presence.startedAt)),
            lastSeenAt: storeTime.date(of: presence.seenAt), types: worker.types,
            load: WorkerLoad(
                total: max(worker.capacity ?? presence.maxTasks, running), active: running, stuck: 0),
            roles: [.worker, .remote])
    }
}
