#if MQTT && Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// All nodes and the broker receive the events of every node, whatever happens to Redis.
@Suite(.timeLimit(.minutes(10))) struct LiveClusterTests {
    @Test func everyNodeStreamsTheEventsOfAllNodes() async throws {
        let cluster = try await Cluster()
        // The first one runs no tasks itself.
        let nodes = [try await cluster.node("a", ["--no-workers"]), try await cluster.node("b")]
        let apis = nodes.map { API($0) }
        let watchers = try nodes.map { node in
            try RunningProgram(
                ["watch", "--url", node.address.absoluteString, "--type", "example", "--json"],
                in: cluster.folder, name: "watch-\(node.processIdentifier)")
        }
        try await eventually("both streams have begun") {
            for api in apis { _ = try await api.submit() }
            return watchers.allSatisfy { !$0.output.isEmpty }
        }
        var tasks: [TaskID] = []
        for number in 0..<40 { tasks.append(try await apis[number % 2].submit().id) }
        for id in tasks { _ = try await apis[0].end(of: id) }
        for watcher in watchers {
            try await eventually("every step of all tasks is reported") {
                let steps = try PublishedSteps(wholeLines(watcher.output)).versions
                return tasks.allSatisfy { steps[$0] == [1, 2, 3] }
            }
            watcher.send(SIGKILL)
        }
    }

    @Test func theBrokerMissesNothingWhenRedisIsKilled() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/status/+", name: "steps")
        let redis = try await RedisServer.start(.init(.always))
        let node = try await Cluster(redis: redis).node(
            "node", ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"])
        let api = API(node)
        for _ in 1...3 {
            let before = subscriber.messages.count
            // A batch may have been accepted although its reply was lost; the final count includes it.
            try await eventually("tasks are accepted") {
                (try? await api.submitMany(500)) != nil
            }
            try await eventually("some are published") {
                subscriber.messages.count > before + 100
            }
            try await redis.kill()
            try await redis.start()
        }
        try await eventually(within: .seconds(240), "all tasks have ended") {
            guard let stats = try? await api.stats() else { return false }
            return stats.unfinished == 0
        }
        let count = try await api.stats()[.success]
        #expect(count >= 1500)
        try await eventually("every task's end is published") {
            let steps = try PublishedSteps(subscriber.messages.map(\.payload))
            // An attempt interrupted by a Redis restart may have been lost and repeated, with more steps.
            return steps.versions.count == count && steps.broken.isEmpty
        }
        #expect(node.isRunning)
    }

    /// The completely written lines.
    private func wholeLines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}

#endif
