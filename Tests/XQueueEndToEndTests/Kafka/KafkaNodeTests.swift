#if Kafka && Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// One node with a file store and Kafka in front of it.
@Suite(.timeLimit(.minutes(10))) struct KafkaNodeTests {
    @Test func everyTaskRunsAlthoughTheNodeIsKilled() async throws {
        let queue = try await KafkaQueue(redis: nil)
        var node = try await queue.cluster.node("a")
        try await queue.produce(2000)
        var ids: [TaskID] = []
        for _ in 0..<4 { ids += try await API(node).submitLogged(500).ids }
        try await node.kill9()
        // No node is running to read these.
        try await queue.produce(1000)
        try await queue.poison()

        node = try await queue.cluster.node("a")
        try await API(node).allEnd(5000)
        let tasks = try await API(node).allTasks()
        #expect(tasks.count == 5000)
        #expect(Set(tasks.map(\.id)).count == 5000)
        #expect(Set(ids).subtracting(tasks.map(\.id)).isEmpty)
        #expect(tasks.allSatisfy { $0.status == .success })
        let done = Set(try queue.cluster.journal("a").filter { $0.event == .end }.map(\.task))
        #expect(Set(tasks.map(\.id)).subtracting(done).isEmpty)
        #expect(Set(try await queue.deadLetters()).count == KafkaQueue.poisons)

        node.send(SIGTERM)
        #expect(try await node.exitStatus() == 0)
        #expect(try await queue.committed() == 5000 + KafkaQueue.poisons)
    }

    @Test func statsAndHealthShowTheLog() async throws {
        let queue = try await KafkaQueue(redis: nil, ["--kafka-delivery-timeout", "2s"])
        let node = try await queue.cluster.node("a")
        let api = API(node)
        try await eventually("the log is read") {
            let log = try await api.intake()
            return log.error == nil && log.partitions.count == 6
                && log.partitions.allSatisfy(\.assigned)
        }
        try await queue.produce(50)
        try await api.allEnd(50)
        try await eventually("stats show it") {
            let log = try await api.intake()
            return log.fed == 50 && log.lag == 0 && log.partitions.reduce(0) { $0 + $1.end } == 50
        }
        #expect(try await api.send("GET", "/health").status == 200)

        queue.broker.pause()
        let reply = try await api.send("POST", "/tasks", #"{"type":"example","payload":{}}"#)
        #expect(reply.status == 503)
        #expect(try reply.errorCode() == "intake_unavailable")
        #expect(reply.headers["retry-after"] != nil)
        try await eventually("health reports it") {
            let health = try await api.send("GET", "/health")
            return health.status == 503 && health.text.contains(#""intake":{"status":"unavailable""#)
        }
        #expect(try await api.intake().error != nil)
        queue.broker.resume()
        try await eventually("tasks are accepted again") {
            try await api.send("POST", "/tasks", #"{"type":"example","payload":{}}"#).status == 201
        }
        try await eventually("health has recovered") {
            try await api.send("GET", "/health").status == 200
        }
    }

    @Test func itExitsAlthoughTheBrokerDoesNotRespond() async throws {
        let queue = try await KafkaQueue(redis: nil)
        let node = try await queue.cluster.node("a")
        try await queue.produce(20)
        try await API(node).allEnd(20)
        queue.broker.pause()
        node.send(SIGTERM)
        #expect(try await node.exitStatus() == 0)
        queue.broker.resume()
    }
}

#endif
