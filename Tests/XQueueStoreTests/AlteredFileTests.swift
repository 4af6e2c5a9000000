import Foundation
import GRDB
import Testing
import XQueueCore
import XQueueSQLite
import XQueueTesting

/// Whatever the file contains, the process survives: the store works or throws an error.
@Suite("Tampered SQLite file") struct AlteredFileTests {
    private static let integers: [Int64] = [
        0, -1, 1, .max, .min, .max - 1, 1 << 53, 1 << 62, -(1 << 62), 1 << 32, 1 << 31, 7, 65_536,
    ]
    private static let texts = [
        "", "x", "{", "[1e999]", "[{\"attempt\":9223372036854775807}]", "\u{0}", "nan",
        "{\"strategy\":\"fixed\",\"delay\":9223372036854775807,\"max_delay\":-9223372036854775808,\"jitter\":1e308}",
        "[{\"attempt\":-9223372036854775808,\"kind\":\"error\",\"error\":\"\",\"ended_at\":9223372036854775807}]",
    ]

    private let folder: TemporaryFolder
    private let random: SeededRandomSource
    private let ids = TaskIDGenerator()

    init() throws {
        folder = try TemporaryFolder()
        random = SeededRandomSource(seed: 20)
    }

    private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(max(bound, 1))) }

    private func grant() -> ClaimGrant {
        ClaimGrant(
            token: LeaseToken(rawValue: Int64(below(1 << 30)) + 1), workerID: "w", lease: .seconds(60),
            grace: .seconds(5))
    }

    @Test("Opening and using it never traps, in hundreds of rounds") func verbs() async throws {
        let good = folder.file("good.db")
        try await populate(good)
        var (opened, refused, failed) = (0, 0, 0)
        for round in 0..<200 {
            let path = folder.file("round-\(round).db")
            try FileManager.default.copyItem(atPath: good, toPath: path)
            try alter(path)
            do throws(StoreError) {
                let store = try SQLiteStore(path: path)
                opened += 1
                for step in 0..<14 {
                    do throws(StoreError) { try await take(step, store) } catch { failed += 1 }
                }
                await store.close()
            } catch {
                #expect(!error.message.isEmpty)
                refused += 1
            }
            for end in ["", "-wal", "-shm", ".lock"] {
                try? FileManager.default.removeItem(atPath: path + end)
            }
        }
        #expect(opened > 50)
        #expect(refused + failed > 25)
    }

    @Test("An impossible count is named in the error") func counts() async throws {
        let path = folder.file("xqueue.db")
        try await populate(path)
        let database = try DatabaseQueue(path: path)
        try await database.write {
            try $0.execute(sql: "UPDATE types SET pending = 9223372036854775807 WHERE name = 'a'")
        }
        try database.close()
        do throws(StoreError) {
            let store = try SQLiteStore(path: path)
            await store.close()
            Issue.record("the impossible count was accepted")
        } catch {
            #expect(error.message.contains("types.pending of a"), "\(error)")
        }
    }

    /// Tasks in every state.
    private func populate(_ path: String) async throws {
        let store = try SQLiteStore(path: path)
        let tasks = (0..<60).map { index in
            NewTask(
                id: ids.next(), type: ["a", "b", "c"][index % 3], payload: RawJSON(trusted: "[\(index)]"),
                schedule: index % 5 == 0 ? .after(.seconds(900)) : .now
            ) { task in
                task.queueTimeout = index % 2 == 0 ? .seconds(600) : nil
                task.processTimeout = index % 4 == 0 ? .seconds(60) : nil
                task.concurrency = index % 3 == 0 ? ConcurrencyLimit(key: "k", limit: 2) : nil
                task.uniqueKey = index % 7 == 0 ? "u\(index)" : nil
                task.retryPolicy = RetryPolicy(strategy: .linear, delay: .seconds(2))
            }
        }
        _ = try await store.insert(tasks)
        let claimed = try await store.claim(ClaimRequest(types: ["a", "b", "c"], count: 20, grant: grant()))
            .tasks
        let ends = claimed.prefix(12).enumerated().compactMap { index, record in
            record.lease.map { lease in
                Settlement(
                    attempt: AttemptID(taskID: record.id, token: lease.token),
                    outcome: index % 2 == 0
                        ? .success(RawJSON(trusted: "1")) : .failure(AttemptFailure("broken"), draw: 0.5),
                    progress: TaskProgress(percent: 50, message: "m"))
            }
        }
        _ = try await store.settle(ends)
        await store.close()
    }

    /// Overwrites one to three places.
    private func alter(_ path: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.write { db in
            for _ in 0...below(3) {
                let table = ["tasks", "tasks", "tasks", "types", "events", "sinks"][below(6)]
                let columns = try db.columns(in: table)
                let column = columns[below(columns.count)]
                let value: (any DatabaseValueConvertible)? =
                    switch column.type {
                    case "INTEGER": Self.integers[below(Self.integers.count)]
                    case "REAL": [Double.infinity, -1e308, 1e308, 0][below(4)]
                    case "TEXT": Self.texts[below(Self.texts.count)]
                    default: Data((0..<below(60)).map { _ in UInt8(below(256)) })
                    }
                // Updates that violate a constraint have no effect.
                try? db.execute(
                    sql: """
                        UPDATE \(table) SET \(column.name) = ? WHERE rowid IN
                            (SELECT rowid FROM \(table) ORDER BY rowid LIMIT \(1 + below(3)) OFFSET \(below(50)))
                        """,
                    arguments: [value])
            }
        }
        try database.close()
    }

    private func take(_ step: Int, _ store: SQLiteStore) async throws(StoreError) {
        let now = SystemQueueClock().now()
        switch step {
        case 0: _ = try await store.insert([NewTask(id: ids.next(), type: "a")])
        case 1:
            let claimed = try await store.claim(
                ClaimRequest(types: ["a", "b", "c"], count: 5, grant: grant()))
            for record in claimed.tasks { use(record, now) }
        case 2: for record in try await store.tasks(TaskQuery(limit: 100)).tasks { use(record, now) }
        case 3:
            let statistics = try await store.statistics()
            _ = (statistics.counts.total, statistics.counts.finished, statistics.oldestPendingAge?.inSeconds)
        case 4: _ = try await store.types().reduce(StatusCounts()) { $0 + $1.counts }
        case 5: if let wait = try await store.sweep(limit: 100, draw: 0.5).nextDueIn { _ = wait.inSeconds }
        case 6: _ = try await store.prune(Retention(age: .seconds(3600), count: 2), limit: 100)
        case 7:
            for cursor in [EventCursor.start, EventCursor(time: now, number: 5)] {
                let page = try await store.events(after: cursor, limit: 100, waiting: .zero)
                for event in page.events { _ = event.timestamp.rfc3339 }
                _ = page.start
            }
        case 8: _ = try await store.lastEvent()
        case 9: _ = try await store.sinkCursor("s")
        case 10: try await store.check()
        case 11: try await store.setLimit(5, ofType: "a")
        case 12: _ = try await store.tasks(TaskQuery(statuses: [.pending], concurrencyKey: "k"))
        default:
            let ids = try await store.tasks(TaskQuery(limit: 20)).tasks.map(\.id)
            _ = try await store.cancel(ids, grace: .seconds(5))
            _ = try await store.requeue(ids)
        }
    }

    private func use(_ record: TaskRecord, _ now: Timestamp) {
        _ = (record.attempt, record.dueAt, record.createdAt.rfc3339, (now - record.createdAt).inSeconds)
        _ = record.retryPolicy.backOff(retry: record.attempt, draw: 0.5)
        for error in record.errors { _ = (error.attempt, error.endedAt.rfc3339) }
    }
}
