import Logging
import Synchronization
import XQueueCore

/// Announces the remote workers that this node hears of, as it announces itself.
///
/// A worker that gives no sign for three heartbeats is forgotten, here and in the cluster.
final class RemoteWorkers: Sendable {
    private struct Presence {
        var worker: RemoteWorker
        /// What it asked for last, for want of a word about its capacity.
        var maxTasks = 1
        let startedAt: MonotonicInstant
        var seenAt: MonotonicInstant
        /// Its requests that wait for tasks now.
        var polls = 0

        func lastSign(_ now: MonotonicInstant) -> MonotonicInstant { polls > 0 ? now : seenAt }
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

    /// Takes notice of a worker; one that is new, or serves other types than before, is announced at once.
    ///
    /// - Throws: ``QueueError`` if the name is a node's or another owner's, or there are too many.
    func see(_ worker: RemoteWorker, maxTasks: Int? = nil) async throws(QueueError) {
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
        if !isKnown { try await introduce(worker, maxTasks: maxTasks) }
    }

    private func introduce(_ worker: RemoteWorker, maxTasks: Int?) async throws(QueueError) {
        let nodes = try await QueueError.wrapping { () async throws(StoreError) in
            try await self.cluster.nodes()
        }
        if nodes.contains(where: { $0.id == worker.name && !$0.roles.contains(.remote) }) {
            throw .invalid("worker", "is the name of a node")
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
                .tooManyWorkers, "this node knows \(configuration.maxRemoteWorkers) remote workers already")
        }
        let record = record(presence, running: held.count(of: worker.name))
        try await QueueError.wrapping { () async throws(StoreError) in
            try await self.store.register(record, lifetime: self.configuration.heartbeatInterval * 3)
        }
        cluster.forget()
    }

    /// A name that a worker with other types has is not for an owner who has none of those.
    private static func check(_ types: [String], isOf worker: RemoteWorker) throws(QueueError) {
        guard let owner = worker.owner, !owner.mayTouch(types) else { return }
        throw QueueError(
            .workerNameTaken, "another worker is called \(worker.name): choose another name", field: "worker")
    }

    private static func checkQuota(
        of worker: RemoteWorker, among known: [String: Presence]
    ) throws(QueueError) {
        guard let owner = worker.owner, let most = owner.maxWorkers,
            known.values.count(where: { $0.worker.owner?.name == owner.name }) >= most
        else { return }
        throw QueueError(
            .quotaExceeded, "the token '\(owner.name)' has \(most) workers here, which is its quota")
    }

    /// A known worker has begun to wait for tasks, or has ended.
    func polls(_ worker: String, _ change: Int) {
        known.withLock { known in
            guard var presence = known[worker] else { return }
            // It may have taken its leave, and come back, while the request waited.
            presence.polls = max(presence.polls + change, 0)
            presence.seenAt = context.clock.instant()
            known[worker] = presence
        }
    }

    /// A worker that is known by name has given a sign.
    func touch(_ worker: String) {
        known.withLock { $0[worker]?.seenAt = context.clock.instant() }
    }

    /// The worker has taken its leave; answers whether it was known, and the owner's.
    func forget(_ worker: String, by owner: WorkerOwner? = nil) async throws(QueueError) -> Bool {
        func isOwned(_ types: [String]) -> Bool { owner?.mayTouch(types) ?? true }
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
            cluster.forget()
        }
        return wasKnown || isAnnounced
    }

    /// The workers this node knows, as they are now.
    func records() -> [String: NodeRecord] {
        let known = known.withLock { $0 }
        guard !known.isEmpty else { return [:] }
        let counts = held.countByWorker(at: context.clock.instant())
        return known.mapValues { record($0, running: counts[$0.worker.name] ?? 0) }
    }

    /// Announces, at every heartbeat, those that gave a sign since the last one, until the Swift task is
    /// canceled.
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
                    try await store.register(record, lifetime: interval * 3 - (now - presence.lastSign(now)))
                }
            } catch {
                context.logger.debug("Remote workers cannot be announced", metadata: ["error": "\(error)"])
            }
            if !live.isEmpty { cluster.forget() }
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
