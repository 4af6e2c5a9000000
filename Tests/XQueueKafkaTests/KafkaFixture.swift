#if Kafka

import CRdKafka
import Foundation
import Logging
import ServiceLifecycle
import Testing
import XQueue
import XQueueCore
import XQueueKafka
import XQueueSQLite
import XQueueTestServers
import XQueueStoreTesting

/// A broker for one test, and nodes that use it as their log.
struct KafkaFixture: Sendable {
    struct Node: Sendable {
        let store: FaultyStore
        let manager: TaskManager
        let group: ServiceGroup
    }

    let broker: TansuServer
    let topic = "tasks"

    /// - Parameters:
    ///   - tls: The broker's certificate; clients must then use TLS.
    ///   - asksUsers: Whether clients must authenticate. No user exists.
    init(tls: TLSFiles? = nil, asksUsers: Bool = false) async throws {
        // librdkafka before 2.3 cannot parse the responses of current brokers.
        try #require(
            rd_kafka_version() >= 0x0203_0000,
            "librdkafka is too old; `scripts/test kafka` runs these tests with the one from scripts/setup-kafka"
        )
        broker = try TansuServer(tls: tls, asksUsers: asksUsers)
        try await broker.start()
    }

    func configuration(_ change: (inout KafkaConfiguration) -> Void = { _ in }) -> KafkaConfiguration {
        var configuration = KafkaConfiguration(brokers: [broker.address])
        configuration.topic = topic
        configuration.groupID = "nodes"
        configuration.partitions = 4
        configuration.deliveryTimeout = .seconds(5)
        change(&configuration)
        return configuration
    }

    func intake(_ change: (inout KafkaConfiguration) -> Void = { _ in }) throws -> KafkaIntake {
        try KafkaIntake(configuration: configuration(change), logger: Self.silent)
    }

    /// A node with an in-memory store that serves the types `work` and `example`.
    func node(
        maxBacklog: Int = 1_000_000, _ change: (inout KafkaConfiguration) -> Void = { _ in }
    ) throws -> Node {
        let store = FaultyStore(
            try SQLiteStore(path: ":memory:", limits: StoreLimits(maxBacklog: maxBacklog)))
        let manager = TaskManager(store: store, intake: try intake(change), logger: Self.silent)
        try manager.register("work") { task -> RawJSON? in task.payload }
        try manager.register("example") { task -> RawJSON? in task.payload }
        return Node(
            store: store, manager: manager, group: ServiceGroup(services: [manager], logger: Self.silent))
    }

    /// Runs the node while `body` runs, then shuts it down gracefully.
    func running(_ node: Node, _ body: () async throws -> Void) async throws {
        try await Self.running(node, body)
    }

    static func running(_ node: Node, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await node.group.run() }
            do {
                try await body()
            } catch {
                tasks.cancelAll()
                throw error
            }
            node.store.heal()
            await node.group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// The topic's records, read by another client.
    func records(of topic: String) async throws -> [Record] {
        try await broker.run("consume.py", [topic]).split(separator: "\n").map {
            try JSONDecoder().decode(Record.self, from: Data($0.utf8))
        }
    }

    /// The number of records the group has committed.
    func committed() async throws -> Int {
        let output = try await broker.run("committed.py", [topic, "nodes"])
        return try #require(Int(output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    struct Record: Decodable {
        var partition: Int32
        var offset: Int64
        var key: String?
        var value: String?
        var headers: [String: String?]
    }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

#endif
