import Logging
import ServiceLifecycle
import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

/// Several managers over one in-memory store, all on one clock that only the test moves.
struct ClusterFixture: Sendable {
    /// One process of the cluster.
    struct Node: Sendable {
        /// The node's own connection to the store: faults affect only this node.
        let store: FaultyStore
        let manager: TaskManager
        let log = SharedList<String>()
        let group: ServiceGroup
        /// Whether the start of the cluster does not wait for this node's registration.
        var startsInTrouble = false

        init(
            _ name: String, over inner: any Store, clock: any QueueClock,
            _ configure: (inout QueueConfiguration) -> Void
        ) {
            var configuration = QueueConfiguration()
            configuration.workerID = name
            configuration.maxConcurrency = 10
            configuration.heartbeatInterval = ClusterFixture.heartbeat
            configure(&configuration)
            let lines = log
            let logger = Logger(label: "test") { _ in ListLogHandler(lines: lines) }
            store = FaultyStore(inner, closesBase: false)
            manager = TaskManager(
                store: store, configuration: configuration, logger: logger, clock: clock,
                random: SeededRandomSource(seed: UInt64(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) })))
            group = ServiceGroup(
                services: [manager], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        /// Shuts the node down as an operator would.
        func shutDown() async { await group.triggerGracefulShutdown() }
    }

    static let heartbeat = Duration.seconds(10)

    let clock = ManualClock()
    let inner: SQLiteStore

    init() throws {
        inner = try SQLiteStore(path: ":memory:", clock: clock, random: SeededRandomSource(seed: 1))
    }

    /// - Parameter clock: The node's own clock; nil for the correct one.
    func node(
        _ name: String, clock: SkewedClock? = nil,
        _ configure: (inout QueueConfiguration) -> Void = { _ in }
    ) -> Node {
        let clock: any QueueClock = if let clock { clock } else { self.clock }
        return Node(name, over: inner, clock: clock, configure)
    }

    /// Runs the nodes while `body` runs, then shuts all of them down and closes the store.
    func running(_ nodes: [Node], _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for node in nodes {
                tasks.addTask { try await node.group.run() }
                if !node.startsInTrouble { try await registered(node) }
            }
            do {
                try await body()
            } catch {
                for node in nodes { node.store.heal() }
                tasks.cancelAll()
                throw error
            }
            for node in nodes {
                node.store.heal()
                await node.shutDown()
            }
            // Calls that failed before are retried by this clock.
            try await withMovingClock { try await tasks.waitForAll() }
        }
        await inner.close()
    }

    /// Waits until the node is registered, so that nodes start in the given order.
    private func registered(_ node: Node) async throws {
        try await eventually("\(node.manager.workerID) is registered and has asked for maintenance") {
            let isKnown = try await inner.nodes().contains { $0.id == node.manager.workerID }
            return isKnown && node.store.calls(of: .hold) > 0
        }
    }

    /// Keeps moving the clock while `body` runs.
    func withMovingClock(_ body: () async throws -> Void) async throws {
        let mover = Task {
            try await eventually("the work is done") {
                clock.advance(by: .milliseconds(100))
                return Task.isCancelled
            }
        }
        defer { mover.cancel() }
        try await body()
    }

    /// Moves the clock by `duration` in small steps, with some time for the sleepers to follow.
    func pass(_ duration: Duration, step: Duration = .milliseconds(500)) async throws {
        let end = clock.now() + duration
        try await eventually("the clock has been moved") {
            guard clock.now() < end else { return true }
            try await take(step)
            return false
        }
    }

    /// Moves the clock by `step` at a time until `condition` holds.
    func advance(
        by step: Duration = .seconds(1), until what: String, _ condition: () async throws -> Bool
    ) async throws {
        try await eventually("\(what)") {
            if try await condition() { return true }
            try await take(step)
            return false
        }
    }

    /// Moves the clock by one step, and gives those it wakes time to sleep again. Leases expire by this clock: if it
    /// ran ahead of nodes that get no processor time, leases would expire for no reason.
    private func take(_ step: Duration) async throws {
        let sleepers = clock.sleeperCount
        clock.advance(by: step)
        // A sleeper may not sleep again.
        let limit = ContinuousClock.now + .seconds(1)
        while clock.sleeperCount < sleepers, ContinuousClock.now < limit {
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}

/// Keeps log lines of level warning and above, with the task type they are about.
private struct ListLogHandler: LogHandler {
    let lines: SharedList<String>
    var logLevel = Logger.Level.warning
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let type = event.metadata?["task.type"].map { " \($0)" } ?? ""
        lines.append("\(event.message)\(type)")
    }
}
