import Logging
import ServiceLifecycle
import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

/// Several managers over one store in memory, all on one clock that stands still until a test moves it.
struct ClusterFixture: Sendable {
    /// One process of the cluster.
    struct Node: Sendable {
        /// The node's own way to the store: faults strike this node alone.
        let store: FaultyStore
        let manager: TaskManager
        let log = SharedList<String>()
        let group: ServiceGroup
        /// The start of the cluster does not wait until such a node is known.
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

    /// - Parameter clock: The node's own; nil for one that is right.
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
                if !node.startsInTrouble { try await announced(node) }
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
            // What failed before is tried again in its time.
            try await withMovingClock { try await tasks.waitForAll() }
        }
        await inner.close()
    }

    /// Waits until the node is known, so that nodes start in the order they are given.
    private func announced(_ node: Node) async throws {
        try await eventually("\(node.manager.workerID) is announced and asked for maintenance") {
            let isKnown = try await inner.nodes().contains { $0.id == node.manager.workerID }
            return isKnown && node.store.calls(of: .hold) > 0
        }
    }

    /// Moves the clock on and on while `body` runs.
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

    /// Moves the clock by `duration` in small steps, with some time for everybody to follow.
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

    /// Moves the clock by one step and gives those it wakes the time to sleep again. Leases end by this clock: one that ran
    /// away from nodes that get no processor would end them for nothing.
    private func take(_ step: Duration) async throws {
        let sleepers = clock.sleeperCount
        clock.advance(by: step)
        // Somebody may have slept for the last time.
        let limit = ContinuousClock.now + .seconds(1)
        while clock.sleeperCount < sleepers, ContinuousClock.now < limit {
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}

/// Keeps what is logged at warning or above, with the type it is about.
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
