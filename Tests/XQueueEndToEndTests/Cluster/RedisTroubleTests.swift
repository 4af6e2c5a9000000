#if Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Redis fails in many ways; no accepted task is lost, and no node needs a restart.
@Suite(.timeLimit(.minutes(10))) struct RedisTroubleTests {
    @Test(arguments: [RedisOptions.AppendOnly.always, .everySecond])
    func itIsKilledAndRestarted(_ appendOnly: RedisOptions.AppendOnly) async throws {
        try await survive(.init(appendOnly)) { redis, _ in
            for _ in 1...3 {
                try await redis.kill()
                try await redis.start()
            }
        }
    }

    @Test func itShutsDownForAWhile() async throws {
        try await survive(.init(.everySecond)) { redis, submitter in
            try await redis.stop()
            try await eventually("submissions are rejected") { submitter.rejections >= 2 }
            try await redis.start()
        }
    }

    @Test func itIsUnresponsiveForAWhile() async throws {
        try await survive(.init(.everySecond)) { redis, _ in
            redis.pause()
            let deadline = ContinuousClock.now + .seconds(30)
            try await eventually("half a minute has passed") { ContinuousClock.now >= deadline }
            redis.resume()
        }
    }

    @Test func itDelaysEveryCommandForAWhile() async throws {
        try await survive(RedisOptions()) { redis, _ in
            try await redis.command("CLIENT", "PAUSE", "8000", "ALL")
        }
    }

    @Test func itDropsEveryConnection() async throws {
        try await survive(RedisOptions()) { redis, submitter in
            for _ in 1...20 {
                let before = submitter.accepted.count
                try await redis.command("CLIENT", "KILL", "TYPE", "normal")
                try await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
                try await eventually("tasks are accepted again") { submitter.accepted.count > before + 10 }
            }
        }
    }

    @Test func itsMemoryIsFull() async throws {
        try await survive(RedisOptions()) { redis, submitter in
            // Less than is currently in use.
            try await redis.command("CONFIG", "SET", "maxmemory", "100000")
            let before = submitter.rejections
            try await eventually("submissions are rejected") { submitter.rejections >= before + 3 }
            try await redis.command("CONFIG", "SET", "maxmemory", "0")
        }
    }

    @Test func anotherServerTakesOver() async throws {
        let trio = try await RedisSentinelTrio.start(.init(.everySecond))
        let cluster = try Cluster(flags: [
            "--redis-sentinel-addrs", trio.sentinelAddresses, "--redis-sentinel-master", trio.name,
        ])
        let first = try await trio.primaryPort()
        let apis = try await nodes(of: cluster)
        let before = PatientSubmitter()
        for _ in 1...10 { try await before.submit(20) { apis[0].api } }
        // Redis documents that data not yet replicated is lost with the primary.
        let primary = try #require(trio.servers.first { $0.port == first })
        #expect(try await primary.command("WAIT", "1", "25000").number == 1)
        try await trio.killPrimary()
        let after = PatientSubmitter()
        async let submitted: Void = after.run(apis.map(\.api))
        try await trio.waitForFailover(from: first)
        try await eventually("tasks are accepted again") { after.accepted.count > 200 }
        after.finish()
        try await submitted
        try await check(before.accepted + after.accepted, cluster, apis)
    }

    // MARK: - Helpers

    private struct Node {
        var name: String
        var server: ServerProcess
        var api: API
    }

    private func nodes(of cluster: Cluster) async throws -> [Node] {
        var nodes: [Node] = []
        for name in ["a", "b"] {
            let server = try await cluster.node(name)
            nodes.append(Node(name: name, server: server, api: API(server)))
        }
        return nodes
    }

    /// Submits to two nodes before, during and after `trouble`.
    private func survive(
        _ options: RedisOptions, _ trouble: (RedisServer, PatientSubmitter) async throws -> Void
    ) async throws {
        let redis = try await RedisServer.start(options)
        let cluster = try Cluster(redis: redis)
        let nodes = try await nodes(of: cluster)
        let submitter = PatientSubmitter()
        async let submitted: Void = submitter.run(nodes.map(\.api))
        // Ends the client even if `trouble` throws.
        defer { submitter.finish() }
        try await eventually("tasks are accepted") { submitter.accepted.count > 200 }
        try await trouble(redis, submitter)
        let count = submitter.accepted.count
        try await eventually("tasks are accepted again") {
            submitter.accepted.count > count + 200
        }
        submitter.finish()
        try await submitted
        try await check(submitter.accepted, cluster, nodes)
    }

    /// Checks that every accepted task was run, by servers that never restarted.
    private func check(_ accepted: [TaskID], _ cluster: Cluster, _ nodes: [Node]) async throws {
        let api = nodes[0].api
        try await eventually(within: .seconds(240), "all tasks have ended") {
            guard let stats = try? await api.stats() else { return false }
            return stats.unfinished == 0
        }
        var done: Set<TaskID> = []
        for node in nodes {
            done.formUnion(try cluster.journal(node.name).filter { $0.event == .end }.map(\.task))
            #expect(node.server.isRunning)
        }
        #expect(Set(accepted).subtracting(done).isEmpty, "accepted tasks were not run")
        let succeeded = Set(try await api.allTasks().filter { $0.status == .success }.map(\.id))
        #expect(Set(accepted).subtracting(succeeded).isEmpty, "accepted tasks were lost")
    }
}

extension RedisOptions {
    init(_ appendOnly: AppendOnly) {
        self.init()
        self.appendOnly = appendOnly
    }
}

#endif
