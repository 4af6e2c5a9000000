#if Kafka && Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// The topic is deleted under a running node.
@Suite(.timeLimit(.minutes(10))) struct KafkaTopicLossTests {
    @Test("The node recreates the topic, logs it, and accepts tasks as before")
    func deleted() async throws {
        let queue = try await KafkaQueue(redis: nil, ["--kafka-delivery-timeout", "5s"])
        let node = try await queue.cluster.node("a")
        let api = API(node)
        try await eventually("the node reads all partitions") {
            try await api.intake().partitions.allSatisfy(\.assigned)
        }
        try await queue.produce(20)
        try await api.allEnd(20)

        for round in 1...2 {
            _ = try await queue.broker.run("delete.py", [KafkaQueue.topic])
            try await eventually("the node logs it") {
                try #require(node.isRunning, "the node has ended: \(node.output.suffix(2000))")
                return node.output.components(separatedBy: "Recreated a missing topic").count > round
            }
            try await eventually("tasks are accepted again") {
                try #require(node.isRunning, "the node has ended: \(node.output.suffix(2000))")
                return try await api.send("POST", "/tasks", #"{"type":"example","payload":{}}"#).status == 201
            }
            try await eventually("health has recovered") {
                try await api.send("GET", "/health").status == 200
            }
        }
        try await eventually("all tasks have run") {
            let stats = try await api.stats()
            return stats.unfinished == 0 && stats[.success] >= 22
        }
        node.send(SIGTERM)
        #expect(try await node.exitStatus() == 0)
    }
}

#endif
