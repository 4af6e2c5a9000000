#if Kafka

import Testing
import XQueueCore
import XQueueKafka
import XQueueSQLite
import XQueueTestServers
import XQueueTesting

@testable import XQueue

@Suite("Rebuilding a lost store from the log", .timeLimit(.minutes(5))) struct ReplayTests {
    private func replay(
        _ fixture: KafkaFixture, into store: any Store, from start: IntakeStart = .position(0),
        partition: Int32? = nil, isDry: Bool = false, _ change: (inout KafkaConfiguration) -> Void = { _ in }
    ) async throws -> ReplayReport {
        let archive = try KafkaArchive(
            configuration: fixture.configuration(change), logger: KafkaFixture.silent)
        do {
            _ = try await archive.open(from: start, part: partition)
            let report = try await IntakeReplay(
                archive, into: store, configuration: QueueConfiguration(), isDry: isDry
            ).run { _ in }
            await archive.close()
            return report
        } catch {
            await archive.close()
            throw error
        }
    }

    private func emptyStore(maxBacklog: Int = 1_000_000) throws -> SQLiteStore {
        try SQLiteStore(path: ":memory:", limits: StoreLimits(maxBacklog: maxBacklog))
    }

    /// Fills the log with tasks that no store has.
    private func logOnly(_ count: Int, _ fixture: KafkaFixture) async throws {
        let intake = try fixture.intake()
        try await intake.open()
        await intake.leave()
        _ = try await fixture.broker.run("produce.py", [fixture.topic, "\(count)"])
        await intake.close()
    }

    @Test("Every task is stored once, however often the replay runs") func restores() async throws {
        let fixture = try await KafkaFixture()
        try await logOnly(1200, fixture)
        _ = try await fixture.broker.run("produce.py", [fixture.topic, "poison"])
        let store = try emptyStore()
        let dry = try await replay(fixture, into: store, isDry: true)
        #expect((dry.read, dry.restored, dry.unusable) == (1212, 1200, 12))
        #expect(try await store.statistics().counts.total == 0)

        let report = try await replay(fixture, into: store)
        #expect((report.read, report.restored, report.known, report.unusable) == (1212, 1200, 0, 12))
        #expect(try await store.statistics().counts[.pending] == 1200)
        let again = try await replay(fixture, into: store)
        #expect((again.restored, again.known) == (0, 1200))
        // A replay does not change the nodes' committed offsets.
        #expect(try await fixture.committed() == 0)
        await store.close()
    }

    @Test("Starts at an offset, at a time, or in one partition") func begins() async throws {
        let fixture = try await KafkaFixture()
        let intake = try fixture.intake { $0.partitions = 1 }
        try await intake.open()
        _ = try await fixture.broker.run("produce.py", [fixture.topic, "20"])
        let records = try await intake.records(20)
        try await eventually("the clock advances") {
            SystemQueueClock().now() > records.map(\.timestamp).max() ?? .init(milliseconds: 0)
        }
        let between = SystemQueueClock().now()
        // The test broker's reported end counts only the first record of the last batch, hence a batch of one.
        for count in ["4", "1"] { _ = try await fixture.broker.run("produce.py", [fixture.topic, count]) }
        await intake.close()

        let store = try emptyStore()
        func read(_ start: IntakeStart, _ partition: Int32? = nil) async throws -> Int {
            try await replay(fixture, into: store, from: start, partition: partition, isDry: true).read
        }
        #expect(try await read(.position(0)) == 25)
        #expect(try await read(.position(22)) == 3)
        #expect(try await read(.position(1000)) == 0)
        #expect(try await read(.time(between)) == 5)
        #expect(try await read(.time(Timestamp(milliseconds: 0))) == 25)
        #expect(try await read(.position(0), 0) == 25)
        let error = await #expect(throws: IntakeError.self) { _ = try await read(.position(0), 7) }
        #expect(error?.code == .invalid)
        await store.close()
    }

    @Test("With a status topic, finished tasks are not restored, requeued ones are")
    func statusTopic() async throws {
        let fixture = try await KafkaFixture()
        let change = { @Sendable (configuration: inout KafkaConfiguration) in
            configuration.statusTopic = "ended"
        }
        let node = try fixture.node(change)
        try node.manager.register("picky") { _ -> RawJSON? in throw TaskFailure("no", isPermanent: true) }
        node.manager.add(
            try KafkaStatusSink(configuration: fixture.configuration(change), logger: KafkaFixture.silent))
        var waiting: TaskID?
        try await fixture.running(node) {
            var ids: [TaskID] = []
            for _ in 0..<30 { ids.append(try await node.manager.submit("work", .null).id) }
            let failed = try await node.manager.submit("picky", .null).id
            let later = try await node.manager.submit("work", .null, .delay(.seconds(3600))).id
            try await eventually("all tasks but the delayed one have finished") {
                for id in ids where try await node.manager.task(id)?.status != .success { return false }
                return try await node.manager.task(failed)?.status == .failed
            }
            try await eventually("the status topic has every outcome") {
                try await node.manager.statistics().sinks.first?.lag == 0
            }
            try await node.manager.pause("picky")
            try await node.manager.retry(failed)
            try await eventually("the status topic has the retry") {
                try await node.manager.statistics().sinks.first?.lag == 0
            }
            waiting = later
        }

        let store = try emptyStore()
        let report = try await replay(fixture, into: store, change)
        #expect((report.restored, report.ended) == (2, 30))
        let counts = try await store.statistics().counts
        #expect((counts[.pending], counts.total) == (2, 2))
        #expect(try await store.task(try #require(waiting))?.status == .pending)
        // Without a status topic, all are restored.
        #expect(try await replay(fixture, into: store).restored == 30)
        await store.close()
    }

    @Test("A store that stays full ends the replay; a later run restores the rest") func full()
        async throws
    {
        let fixture = try await KafkaFixture()
        try await logOnly(100, fixture)
        let small = try emptyStore(maxBacklog: 40)
        let error = await #expect(throws: StoreError.self) { _ = try await replay(fixture, into: small) }
        #expect(error?.code == .backlogFull)
        #expect(try await small.statistics().counts[.pending] == 40)
        await small.close()
    }

    @Test("A missing topic or cluster is reported") func mistakes() async throws {
        let fixture = try await KafkaFixture()
        let store = try emptyStore()
        let missing = await #expect(throws: IntakeError.self) { _ = try await replay(fixture, into: store) }
        #expect(missing?.message.contains("tasks") == true)
        let error = await #expect(throws: IntakeError.self) {
            _ = try await replay(fixture, into: store) { $0.brokers = ["127.0.0.1:1"] }
        }
        #expect(error?.code == .unavailable)
        await store.close()
    }
}

#endif
