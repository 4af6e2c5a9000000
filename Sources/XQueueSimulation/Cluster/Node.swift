import Logging
import ServiceLifecycle
import XQueue
import XQueueCore

/// A machine that runs a node of the cluster.
final class Node: Machine, @unchecked Sendable {
    override func makeProcess(_ name: String, number: Int) -> MachineProcess {
        let process = NodeProcess(name, self, number: number)
        process.run()
        return process
    }

    /// The node's process; nil while there is none.
    var running: NodeProcess? { process as? NodeProcess }

    override func networkChanged() { running?.link.network = network }
}

/// One process of a node: an unchanged `TaskManager` with simulated surroundings.
final class NodeProcess: MachineProcess, @unchecked Sendable {
    let link: StoreLink
    let manager: TaskManager
    let version: Int
    private unowned let cluster: Cluster
    private let group: ServiceGroup
    private var root: Task<Void, Never>?

    /// Simulated nodes run a few tasks each, and all times are short, so that much happens in a minute.
    static func configuration(
        _ name: String, version: Int = 1, gracePeriod: Duration = .seconds(2), _ fault: PlantedFault? = nil
    ) -> QueueConfiguration {
        var configuration = QueueConfiguration()
        configuration.workerID = name
        configuration.version = "\(version)"
        configuration.maxConcurrency = 4
        configuration.heartbeatInterval = .seconds(2)
        configuration.gracePeriod = gracePeriod
        configuration.stopPeriod = .seconds(1)
        configuration.pollInterval = .seconds(2)
        configuration.cleanupInterval = .seconds(20)
        fault?.change(&configuration)
        return configuration
    }

    /// - Parameter number: 1 for the machine's first process; later ones are of the next version.
    init(_ name: String, _ node: Node, number: Int) {
        version = min(number, 2)
        cluster = node.cluster
        let (cluster, scheduler) = (node.cluster, node.cluster.scheduler)
        let gate = ProcessGate(scheduler)
        let seed = cluster.plan.orderSeed
        let watched = WatchedStore(
            cluster.plantedFault?.store(cluster.store, seed) ?? cluster.store, name, cluster.witness)
        link = StoreLink(watched, scheduler, gate, Dice(seed: seed, "link \(name)"))
        let clock = SimulatedClock(scheduler, gate, bootedAt: node.bootedAt) { node.clockError }
        manager = TaskManager(
            store: link,
            configuration: Self.configuration(
                name, version: version, gracePeriod: cluster.plan.gracePeriod, cluster.plantedFault),
            logger: Self.silence, clock: cluster.plantedFault?.clock(clock) ?? clock,
            random: Dice(seed: seed, "node \(name)"),
            ids: nil)
        group = ServiceGroup(services: [manager], logger: Self.silence)
        super.init(name, scheduler, gate)
        for type in Plan.nodeTypes + (version > 1 ? [Plan.nextType] : []) {
            // The names and limits are legal.
            try? manager.register(type, maxConcurrency: type == Plan.limitedType ? version + 1 : nil) {
                [unowned self, unowned cluster] task in
                try await cluster.handle(task, in: self)
            }
        }
        manager.add(RecordingSink(self, cluster))
    }

    private static let silence = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    /// Runs the node until it is shut down.
    func run() {
        // Ended by `shutDown()` or `cancel()`; a crashed one stays suspended until then.
        root = Task {
            do {
                try await group.run()
            } catch {
                if !isStopping, !cluster.isEnding { cluster.witness.nodeFailed(name, error) }
            }
            ended.fulfill()
        }
    }

    override func shutDown() async {
        await gate.enter()
        isStopping = true
        manager.stopLeasing()
        await group.triggerGracefulShutdown()
    }

    override func cancel() {
        isStopping = true
        root?.cancel()
    }
}
