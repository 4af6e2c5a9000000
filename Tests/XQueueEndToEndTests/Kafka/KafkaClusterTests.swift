#if Kafka && Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Tasks arrive over HTTP and from a foreign producer, while nodes are killed, shut down and suspended, the group
/// changes, and Redis is unresponsive for a while.
@Suite(.timeLimit(.minutes(30))) struct KafkaClusterTests {
    private static let names = ["a", "b", "c"]
    /// The number of tasks from each source.
    private static let count = 20_000

    @Test func everyTaskRunsAndHasOneRecord() async throws {
        var options = RedisOptions()
        options.appendOnly = .everySecond
        let queue = try await KafkaQueue(redis: try await RedisServer.start(options))
        let cluster = queue.cluster
        // The only node left undisturbed, so its replies are reliable.
        let a = API(try await cluster.node("a"))
        var ids: [TaskID] = []
        func submit(_ count: Int) async throws {
            for _ in 0..<count / 500 { ids += try await a.submitLogged(500).ids }
        }

        var b = try await cluster.node("b")
        async let first: Void = queue.produce(6000)
        try await submit(5000)
        // The group changes while much is left to read.
        let c = try await cluster.node("c")
        try await first
        try await queue.poison()

        try await ended(3000, a)
        async let second: Void = queue.produce(6000)
        try await b.kill9()
        try await submit(5000)
        b = try await cluster.node("b")
        try await second

        // Redis is suspended for a while, and one node for longer than the group's session timeout.
        queue.redis?.pause()
        c.pause()
        let end = ContinuousClock.now + .seconds(20)
        async let third: Void = queue.produce(4000)
        var statuses: Set<Int> = []
        for _ in 0..<10 {
            let (some, status) = try await a.submitLogged(500)
            ids += some
            statuses.insert(status)
        }
        #expect(statuses.contains(202))
        try await third
        try await eventually("Redis has been suspended long enough") { ContinuousClock.now >= end }
        queue.redis?.resume()
        c.resume()

        // A node that shuts down gracefully and restarts.
        b.send(SIGTERM)
        #expect(try await b.exitStatus() == 0, "\(b.output)")
        async let fourth: Void = queue.produce(4000)
        b = try await cluster.node("b")
        try await submit(5000)
        try await fourth
        try await c.kill9()

        try await a.allEnd(2 * Self.count, within: .seconds(600))
        try await check(queue, a, ids)
        #expect(b.isRunning)
    }

    /// Waits until `count` tasks have succeeded.
    private func ended(_ count: Int, _ api: API) async throws {
        try await eventually("\(count) tasks have run") {
            try await api.stats()[.success] >= count
        }
    }

    private func check(_ queue: KafkaQueue, _ api: API, _ submitted: [TaskID]) async throws {
        #expect(Set(submitted).count == Self.count)
        let tasks = try await api.allTasks()
        let ids = Set(tasks.map(\.id))
        #expect(tasks.count == 2 * Self.count)
        #expect(ids.count == 2 * Self.count)
        #expect(Set(submitted).subtracting(ids).isEmpty, "accepted tasks were lost")
        #expect(tasks.filter { $0.status != .success }.map { "\($0.id) \($0.status)" } == [])
        var done: Set<TaskID> = []
        for name in Self.names {
            done.formUnion(try queue.cluster.journal(name).filter { $0.event == .end }.map(\.task))
        }
        #expect(ids.subtracting(done).isEmpty, "tasks succeeded without running")

        var log = try await api.intake()
        do {
            try await eventually("the log is read to its end") {
                log = try await api.intake()
                return log.lag == 0 && log.error == nil && !log.held
            }
        } catch {
            Issue.record("\(log)")
            throw error
        }
        // A node may have died between writing a dead letter and committing, so duplicates are allowed.
        let letters = try await queue.deadLetters()
        #expect(Set(letters).count == KafkaQueue.poisons)
        try await eventually("all records are committed") {
            try await queue.committed() == 2 * Self.count + KafkaQueue.poisons
        }
    }
}

#endif
