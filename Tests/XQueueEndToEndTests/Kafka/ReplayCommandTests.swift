#if Kafka && Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// `xqueue replay` with real nodes.
@Suite(.timeLimit(.minutes(10))) struct ReplayCommandTests {
    private struct Report: Decodable {
        var dry_run: Bool
        var read: Int
        var restored: Int
        var known: Int
        var ended: Int
        var unusable: Int
    }

    private func report(_ queue: KafkaQueue, _ arguments: String...) async throws -> Report {
        let (status, output) = try await queue.replay(arguments + ["--json"])
        try #require(status == 0, "\(output)")
        let line = try #require(
            output.split(separator: "\n").first { $0.hasPrefix("{\"dry_run") }, "\(output)")
        return try JSONDecoder().decode(Report.self, from: Data(line.utf8))
    }

    @Test(arguments: [false, true]) func aLostStoreIsRebuilt(onRedis: Bool) async throws {
        let queue = try await KafkaQueue(
            redis: onRedis ? try await RedisServer.start() : nil, ["--kafka-status-topic", "ended"])
        var node = try await queue.cluster.node("a")
        let api = API(node)
        try await queue.produce(300)
        try await api.allEnd(300)
        #expect(try await api.send("POST", "/types/example/pause").status == 200)
        let waiting = try await api.submitLogged(40).ids
        try await eventually("the status topic has every outcome") {
            try await api.stats().sinks.allSatisfy { $0.lag == 0 }
        }
        node.send(SIGTERM)
        #expect(try await node.exitStatus() == 0)

        if let redis = queue.redis {
            try await redis.command("FLUSHALL")
        } else {
            try FileManager.default.removeItem(atPath: queue.cluster.folder.path + "/xqueue-data")
        }
        let dry = try await report(queue, "--from", "0", "--dry-run")
        #expect((dry.dry_run, dry.read, dry.restored, dry.ended) == (true, 340, 40, 300))
        let real = try await report(queue, "--from", "2020-01-31T09:30:00Z")
        #expect((real.dry_run, real.read, real.restored, real.ended) == (false, 340, 40, 300))
        let again = try await report(queue, "--from", "0")
        #expect((again.restored, again.known, again.ended) == (0, 40, 300))

        node = try await queue.cluster.node("a")
        try await API(node).allEnd(40)
        let tasks = try await API(node).allTasks()
        #expect(Set(tasks.map(\.id)) == Set(waiting))
        #expect(tasks.allSatisfy { $0.status == .success })
    }

    @Test func errorsAreReportedWithTheirExitCodes() async throws {
        let queue = try await KafkaQueue(redis: nil)
        for (arguments, status, words) in [
            (["--from", "yesterday"], 64, "2026-01-31"), (["--from", "-1"], 64, "--from"), ([], 64, "--from"),
            (["--from", "0", "--kafka-tpoic", "x"], 64, "--kafka-topic"),
            (["--from", "0", "--kafka-topic", "a b"], 78, "topic"),
            (["--from", "0", "--kafka-topic", "none"], 69, "no such topic: none"),
        ] as [([String], Int32, String)] {
            let outcome = try await queue.replay(arguments)
            #expect(outcome.status == status, "\(arguments): \(outcome.output)")
            #expect(outcome.output.contains(words), "\(arguments): \(outcome.output)")
        }
        // The store is in use by a running node.
        let node = try await queue.cluster.node("a")
        _ = try await API(node).submitLogged(1)
        let busy = try await queue.replay(["--from", "0"])
        #expect(busy.status == 73, "\(busy.output)")
        #expect(node.isRunning)
    }
}

#endif
