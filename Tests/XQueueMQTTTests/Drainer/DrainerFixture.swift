import Logging
import ServiceLifecycle
import Synchronization
import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

/// Nodes that share an in-memory store, each with its own severable connection and sink.
struct DrainerFixture: Sendable {
    struct Node: Sendable {
        let store: FaultyStore
        let manager: TaskManager
        let sink: RecordingSink
        let log: WarningLog
        let group: ServiceGroup
    }

    static let heartbeat = Duration.seconds(1)
    static let type = "work"

    let store: SQLiteStore
    /// What all nodes have delivered. The sink's lease may change hands more than once on a busy machine.
    let deliveries = Deliveries()

    init(events: EventRetention = EventRetention()) throws {
        store = try SQLiteStore(path: ":memory:", limits: StoreLimits(events: events))
    }

    func node(_ name: String) throws -> Node {
        var configuration = QueueConfiguration()
        configuration.workerID = name
        configuration.heartbeatInterval = Self.heartbeat
        let log = WarningLog()
        let way = FaultyStore(store, closesBase: false)
        let manager = TaskManager(
            store: way, configuration: configuration,
            logger: Logger(label: "test") { _ in WarningLogHandler(log: log) })
        try manager.register(Self.type) { _ -> RawJSON? in nil }
        let sink = RecordingSink(deliveries)
        manager.add(sink)
        let group = ServiceGroup(
            services: [manager], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return Node(store: way, manager: manager, sink: sink, log: log, group: group)
    }

    /// Runs the nodes while `body` runs, then shuts them down gracefully.
    func running(_ nodes: [Node], _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for node in nodes { tasks.addTask { try await node.group.run() } }
            do {
                try await body()
            } catch {
                tasks.cancelAll()
                throw error
            }
            for node in nodes {
                node.store.heal()
                await node.group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
        await store.close()
    }

    /// Submits `count` tasks and waits until all have succeeded.
    func work(_ count: Int, on node: Node) async throws {
        let before = try await succeeded()
        try await node.manager.submit(
            (0..<count).map { _ in TaskSubmission(type: Self.type, payload: .null) })
        try await eventually("the tasks have succeeded") { try await succeeded() == before + count }
    }

    private func succeeded() async throws -> Int {
        try await store.statistics().counts[.success]
    }
}

/// A node's logged warnings.
final class WarningLog: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func append(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}

private struct WarningLogHandler: LogHandler {
    let log: WarningLog
    var logLevel = Logger.Level.warning
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let count = event.metadata?["count"].map { " \($0)" } ?? ""
        let topic = event.metadata?["topic"].map { " \($0)" } ?? ""
        log.append("\(event.message)\(count)\(topic)")
    }
}
