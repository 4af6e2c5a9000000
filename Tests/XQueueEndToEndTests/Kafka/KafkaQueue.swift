#if Kafka && Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Nodes of the real program with their own broker in front of their store.
struct KafkaQueue: Sendable {
    static let topic = "tasks"
    static let group = "nodes"
    let broker: TansuServer
    let redis: RedisServer?
    let cluster: Cluster

    /// - Parameter redis: The store; nil for a file, which only one node can use.
    init(redis: RedisServer?, _ flags: [String] = []) async throws {
        broker = try TansuServer()
        try await broker.start()
        self.redis = redis
        let store = redis.map { ["--redis-addr", $0.address] } ?? []
        cluster = try Cluster(
            flags: store + [
                "--kafka-brokers", broker.address, "--kafka-topic", Self.topic, "--kafka-group-id",
                Self.group,
                "--kafka-batch-size", "500",
            ] + flags,
            environment: try KafkaTools.environment())
    }

    /// Writes tasks with a foreign producer.
    func produce(_ count: Int) async throws {
        _ = try await broker.run(
            "produce.py", [Self.topic, "\(count)", #"{"max_retry":1000,"queue_timeout":0}"#])
    }

    /// The number of kinds of unusable messages in `produce.py`.
    static let poisons = 12

    /// Writes one message of every unusable kind.
    func poison() async throws {
        _ = try await broker.run("produce.py", [Self.topic, "poison"])
    }

    /// The number of the topic's records that the group has committed.
    func committed() async throws -> Int {
        let output = try await broker.run("committed.py", [Self.topic, Self.group])
        return try #require(Int(output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// The keys of the dead letters, which name the defects.
    func deadLetters() async throws -> [String] {
        struct Letter: Decodable {
            var key: String
            var headers: [String: String?]
        }
        let lines = try await broker.run("consume.py", [Self.topic + ".dead"]).split(separator: "\n")
        return try lines.map {
            let letter = try JSONDecoder().decode(Letter.self, from: Data($0.utf8))
            #expect(letter.headers["topic"] == Self.topic)
            #expect(letter.headers["reason"] != nil)
            return letter.key
        }
    }

    /// Runs `xqueue replay` and returns its exit status and output.
    func replay(_ arguments: [String]) async throws -> (status: Int32, output: String) {
        try await cluster.run(["replay"], arguments)
    }
}

extension API.Reply {
    /// The error code of a rejection.
    func errorCode() throws -> String {
        struct Rejection: Decodable {
            var code: String
        }
        return try decoded(Rejection.self).code
    }
}

extension API {
    /// The node's report on the log.
    func intake() async throws -> ServerStatistics.Intake {
        try #require(try await stats().intake)
    }

    /// Submits a batch that must be accepted by the store or the log.
    func submitLogged(_ count: Int) async throws -> (ids: [TaskID], status: Int) {
        let task = #"{"type":"example","payload":{},"max_retry":1000,"queue_timeout":0}"#
        let tasks = Array(repeating: task, count: count).joined(separator: ",")
        let reply = try await send("POST", "/tasks/batch", #"{"tasks":[\#(tasks)]}"#)
        try #require(reply.status == 201 || reply.status == 202, "\(reply.text)")
        return (try reply.decoded(SubmittedBatch.self).tasks.map(\.id), reply.status)
    }

    /// Waits until at least `count` tasks have ended and none are unfinished.
    func allEnd(_ count: Int, within limit: Duration = .seconds(240)) async throws {
        try await eventually(within: limit, "all \(count) tasks have ended") {
            guard let stats = try? await stats() else { return false }
            return stats[.success] + stats[.failed] >= count && stats.unfinished == 0
        }
    }
}

#endif
