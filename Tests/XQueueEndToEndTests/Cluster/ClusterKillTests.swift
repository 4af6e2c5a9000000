#if Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Nodes are killed while they work, and the limits always hold.
@Suite(.timeLimit(.minutes(10))) struct ClusterKillTests {
    private static let count = 2000
    private static let limit = 5
    private static let names = ["a", "b", "c"]
    private static let members =
        #""type":"example","payload":{"duration_ms":20},"max_retry":1000,"queue_timeout":0,"concurrency_key":"key""#
        + #","max_concurrency":5,"retry_policy":{"strategy":"fixed","delay":0.01,"jitter":0}"#

    @Test func tokensAreExactWhileNodesAreKilled() async throws {
        let cluster = try await Cluster()
        let entrance = API(try await cluster.node("entrance", ["--no-workers"]))
        var nodes: [String: ServerProcess] = [:]
        for name in Self.names { nodes[name] = try await cluster.node(name) }
        let submitter = PatientSubmitter(Self.members)
        for _ in 0..<(Self.count / 100) { try await submitter.submit(100) { entrance } }

        let watch = Task { await Self.mostHeld(entrance) }
        defer { watch.cancel() }
        var deaths: [String: [Int64]] = [:]
        for round in 1...6 {
            try await eventually("\(round * 250) attempts have ended") {
                try Self.lines(cluster).values.joined().count { $0.event == .end } >= round * 250
            }
            let name = try #require(Self.names.randomElement())
            try await nodes[name]?.kill9()
            deaths[name, default: []].append(millisecondsNow())
            nodes[name] = try await cluster.node(name)
        }

        try await eventually(within: .seconds(240), "all tasks have ended") {
            let stats = try await entrance.stats()
            return stats.unfinished == 0
        }
        watch.cancel()
        #expect(await watch.value <= Self.limit)
        let tasks = try await entrance.allTasks()
        #expect(tasks.count == Self.count)
        #expect(tasks.filter { $0.status != .success }.map { "\($0.id) \($0.status)" } == [])
        #expect(try await entrance.stats().concurrencyKeys.filter { $0.held > 0 || $0.waiting > 0 }.isEmpty)
        let most = Self.mostAtOnce(try Self.lines(cluster), deaths)
        #expect(most <= Self.limit, "\(most) tasks ran concurrently")
        // Otherwise the limit was not tested.
        #expect(most == Self.limit)
    }

    @Test func aDeadNodesTaskRunsElsewhereWithinThreeHeartbeats() async throws {
        let cluster = try await Cluster()
        let victim = try await cluster.node("victim")
        let api = API(try await cluster.node("entrance", ["--no-workers"]))
        let task = try await api.submit(
            "example", #"{"duration_ms":60000}"#,
            #""max_retry":3,"retry_policy":{"strategy":"fixed","delay":0.01,"jitter":0}"#)
        try await eventually("the task runs") { try !cluster.journal("victim").isEmpty }
        let heir = try await cluster.node("heir")
        let killed = millisecondsNow()
        try await victim.kill9()
        try await eventually("the task runs elsewhere") { try !cluster.journal("heir").isEmpty }
        let started = try #require(try cluster.journal("heir").first)
        #expect(started.task == task.id)
        // Three heartbeats, plus a second of slack for a busy machine.
        #expect(started.milliseconds - killed < 4000, "it took \(started.milliseconds - killed) ms")
        #expect(heir.isRunning)
    }

    /// Watches until canceled, and returns the maximum number of tokens held at once.
    private static func mostHeld(_ api: API) async -> Int {
        var most = 0
        // Cancellation ends the wait with an error, which is expected here.
        try? await eventually(within: .seconds(600), "the watch ends") {
            if let keys = try? await api.stats().concurrencyKeys { most = keys.map(\.held).reduce(most, max) }
            return Task.isCancelled
        }
        return most
    }

    private static func lines(_ cluster: Cluster) throws -> [String: [Journal.Line]] {
        try Dictionary(uniqueKeysWithValues: names.map { ($0, try cluster.journal($0)) })
    }

    /// The maximum number of concurrent attempts on all nodes; those without an end ran until their node was killed.
    private static func mostAtOnce(_ lines: [String: [Journal.Line]], _ deaths: [String: [Int64]]) -> Int {
        var changes: [(time: Int64, change: Int)] = []
        for (node, lines) in lines {
            var ends: [String: Int64] = [:]
            for line in lines where line.event != .start {
                ends["\(line.task) \(line.attempt)"] = line.milliseconds
            }
            for line in lines where line.event == .start {
                let death = (deaths[node] ?? []).first { $0 >= line.milliseconds }
                guard let end = ends["\(line.task) \(line.attempt)"] ?? death else {
                    Issue.record("attempt \(line.attempt) of \(line.task) never ended")
                    continue
                }
                changes += [(line.milliseconds, 1), (end, -1)]
            }
        }
        // An attempt writes its end before its token is freed, so within the same millisecond the end comes first.
        changes.sort { ($0.time, $0.change) < ($1.time, $1.change) }
        var running = 0
        return changes.reduce(0) { most, change in
            running += change.change
            return max(most, running)
        }
    }
}

#endif
