#if Redis

import Testing
import XQueue
import XQueueCore
import XQueueRedis
import XQueueSQLite
import XQueueTestServers
import XQueueStoreTesting
import XQueueTesting

/// Transfers of queues between a file and Redis.
@Suite("A queue moves to Redis and back") struct RedisTransferTests {
    private let clock = ManualClock()

    private func sqlite() throws -> SQLiteStore { try SQLiteStore(path: ":memory:", clock: clock) }

    private func redis() async throws -> any Store {
        try await StoreHarness.redis().makeStore(clock: clock)
    }

    /// Inserts tasks and brings them into various states.
    private func populate(_ store: any Store, count: Int = 300) async throws {
        let ids = TaskIDGenerator(clock: clock, random: SeededRandomSource(seed: 5))
        let random = SeededRandomSource(seed: 6)
        for number in 0..<count {
            let task = NewTask(
                id: ids.next(), type: ["a", "b"][number % 2], payload: RawJSON(trusted: "[\(number), \"ü\"]"),
                schedule: number % 11 == 0 ? .after(.seconds(500)) : .now
            ) { task in
                task.priority = Int32(number % 3)
                task.maxRetry = number % 4
                task.concurrency = number % 5 == 0 ? ConcurrencyLimit(key: "k\(number % 3)", limit: 2) : nil
                task.uniqueKey = number % 7 == 0 ? "u\(number)" : nil
            }
            _ = try await store.insert([task])
            clock.advance(by: .milliseconds(20))
        }
        let grant = ClaimGrant(
            token: LeaseToken(rawValue: 77), workerID: "w", lease: .seconds(30), grace: .seconds(5))
        let running = try await store.claim(ClaimRequest(types: ["a", "b"], count: count / 2, grant: grant))
            .tasks
        for (number, record) in running.enumerated() {
            guard let token = record.lease?.token, number % 6 != 0 else { continue }
            let outcomes: [AttemptOutcome] = [
                .success(RawJSON(trusted: "{\"n\":\(number)}")), .release, .snooze(.seconds(9)),
                .failure(AttemptFailure("broken"), draw: random.draw()),
            ]
            let attempt = AttemptID(taskID: record.id, token: token)
            _ = try await store.settle([Settlement(attempt: attempt, outcome: outcomes[number % 4])])
        }
        try await store.setLimit(40, ofType: "a")
        try await store.setPaused(true, type: "idle")
    }

    private func copy(_ source: any Store, _ target: any Store) async throws {
        let transfer = QueueTransfer(
            from: .init(source, name: "old"), to: .init(target, name: "new"), merges: false, pageSize: 37)
        let report = try await transfer.run { _ in }
        #expect(report.isWhole && report.read == report.total)
        let query = TaskQuery(limit: 1000)
        #expect(try await source.tasks(query) == target.tasks(query))
        #expect(try await source.types() == target.types())
        #expect(try await Set(source.statistics().keys) == Set(target.statistics().keys))
    }

    @Test func aFileMovesToRedisAndBack() async throws {
        let (first, second, third) = (try sqlite(), try await redis(), try sqlite())
        try await populate(first)
        try await copy(first, second)
        try await copy(second, third)
        let query = TaskQuery(limit: 1000)
        #expect(try await first.tasks(query) == third.tasks(query))
        for store in [first, second, third] as [any Store] { await store.close() }
    }

    @Test func aQueueMovesToAnotherPrefix() async throws {
        let (first, second) = (try await redis(), try await redis())
        try await populate(first)
        try await copy(first, second)
        // A queue cannot be its own target.
        await #expect(throws: TransferError.self) {
            let side = QueueTransfer.Side(first, name: "old")
            _ = try await QueueTransfer(from: side, to: side, merges: true).run { _ in }
        }
        for store in [first, second] { await store.close() }
    }

    @Test func manyPrioritiesAreCopiedOnce() async throws {
        let (first, second) = (try await redis(), try await redis())
        let ids = TaskIDGenerator(clock: clock, random: SeededRandomSource(seed: 5))
        _ = try await first.insert(
            (0..<400).map { number in
                NewTask(id: ids.next(), type: "a") { $0.priority = Int32(number * 17 % 300) }
            })
        let transfer = QueueTransfer(
            from: .init(first, name: "old"), to: .init(second, name: "new"), merges: false, pageSize: 37)
        #expect(try await transfer.run { _ in }.outcomes == [.adopted: 400])
        for store in [first, second] { await store.close() }
    }
}

#endif
