#if MQTT && Redis

import Foundation
import Testing
import XQueueClient
import XQueueTestServers
import XQueueTesting

/// One node of a cluster publishes for all.
@Suite(.timeLimit(.minutes(20))) struct MQTTClusterTests {
    @Test func anotherNodePublishesWhenThePublisherIsKilled() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let subscriber = try await broker.subscribe(to: "task/status/+", name: "steps")
        let watch = try await broker.subscribe(to: "task/notifier/+", name: "watch")
        let cluster = try await Cluster()
        let flags = ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"]
        let victim = try await cluster.node("victim", flags)
        let before = API(victim)
        try await eventually("the first node drains") { try await before.sink().connected == true }
        let heir = try await cluster.node("heir", flags)
        let after = API(heir)
        try await after.submitMany(1000)
        try await eventually("some are published") { subscriber.messages.count > 500 }
        #expect(try await !after.sink().draining)

        let killed = ContinuousClock.now
        try await victim.kill9()
        try await eventually("the other one publishes") { try await after.sink().connected == true }
        // Three heartbeats of a second, plus much slack for a busy machine.
        #expect(ContinuousClock.now - killed < .seconds(20))
        try await after.submitMany(500)
        try await after.allEnd()
        try await eventually("nothing is missing") {
            try PublishedSteps(subscriber.messages.map(\.payload)).whole == 1500
        }
        #expect(try PublishedSteps(subscriber.messages.map(\.payload)).broken.isEmpty)
        // The last will of one node and the presence of the other.
        func said(_ node: ServerProcess) -> [String] {
            watch.messages.map(\.payload).filter { $0.contains("-\(node.processIdentifier)-") }
        }
        #expect(said(victim).last?.hasPrefix(#"{"status":"offline","#) == true, "\(watch.messages)")
        #expect(said(heir).map { $0.contains("online") } == [true])
    }

    #if os(Linux)
    @Test func anUnreachableBrokerCostsNoMemory() async throws {
        let broker = try MosquittoServer()
        let cluster = try await Cluster()
        let node = try await cluster.node("node", ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"])
        let api = API(node)
        try await api.submitMany(10_000)
        try await api.allEnd()
        let first = try Self.memory(of: node)
        try await api.submitMany(40_000)
        try await api.allEnd()
        let growth = try Self.memory(of: node) - first
        #expect(try await api.sink().lag == 150_000)
        #expect(growth < 12_000, "\(growth) KiB for 120,000 events")
        try await broker.start()
        try await api.nothingIsLeft()
        #expect(try await api.sink().delivered == 150_000)
        #expect(try await api.sink().lost == 0)
    }

    /// The resident memory in KiB.
    private static func memory(of node: ServerProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(node.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
    }
    #endif
}

#endif
