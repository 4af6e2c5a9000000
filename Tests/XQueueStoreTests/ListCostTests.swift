import GRDB
import GRDBSQLite
import Testing
import XQueueCore
import XQueueTesting

@testable import XQueueSQLite

/// The cost of a page depends on its size, not on what precedes it.
@Suite("SQLite list cost") struct ListCostTests {
    private static let queries: [TaskQuery] = [
        TaskQuery(), TaskQuery(types: ["a"]), TaskQuery(types: ["a", "b"]), TaskQuery(statuses: [.pending]),
        TaskQuery(statuses: [.pending, .canceled]), TaskQuery(statuses: [.canceled], types: ["a", "c"]),
        TaskQuery(statuses: [.pending, .canceled], types: ["b"]), TaskQuery(concurrencyKey: "k"),
        TaskQuery(statuses: [.pending], types: ["a"], concurrencyKey: "k"),
    ]

    /// Inserts 30,000 tasks of three types, every fourth canceled, every second with a key.
    ///
    /// - Returns: Their identifiers, newest first.
    private static func fill(_ store: SQLiteStore) async throws -> [TaskID] {
        let ids = TaskIDGenerator()
        let tasks = (0..<30_000).map { number in
            NewTask(id: ids.next(), type: ["a", "b", "c"][number % 3]) { task in
                if number.isMultiple(of: 2) { task.concurrency = ConcurrencyLimit(key: "k") }
            }
        }
        _ = try await store.insert(tasks)
        let ended = tasks.indices.filter { $0.isMultiple(of: 4) }.map { tasks[$0].id }
        _ = try await store.cancel(ended, grace: .zero)
        return tasks.map(\.id).reversed()
    }

    /// The number of VM steps SQLite took for lists since the last call.
    private static func steps(_ store: SQLiteStore) async throws -> Int {
        try await store.database.read { db in
            var sum = 0
            var next = sqlite3_next_stmt(db.sqliteConnection, nil)
            while let statement = next {
                let steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1)
                if String(cString: sqlite3_sql(statement)).contains("ORDER BY id DESC LIMIT") {
                    sum += Int(steps)
                }
                next = sqlite3_next_stmt(db.sqliteConnection, statement)
            }
            return sum
        }
    }

    @Test("Page 10,000 takes no more steps than page 1") func deepPages() async throws {
        let store = try SQLiteStore(path: ":memory:", clock: ManualClock())
        let ids = try await Self.fill(store)
        for query in Self.queries {
            var query = query
            query.limit = 1
            query.after = TaskCursor(last: ids[0])
            _ = try await store.tasks(query)
            _ = try await Self.steps(store)
            let second = try await store.tasks(query)
            let first = try await Self.steps(store)
            #expect(first > 0 && second.tasks.count == 1)
            // The cursor reached after 10,000 pages of one task each.
            query.after = TaskCursor(last: ids[10_000])
            let deep = try await store.tasks(query)
            let cost = try await Self.steps(store)
            #expect(deep.tasks.count == 1 && deep.total == second.total)
            #expect(try #require(deep.tasks.first).id < ids[10_000])
            #expect(cost < first * 2 + 50, "\(query): \(first) steps, then \(cost)")
        }
        await store.close()
    }

    @Test("Lists with more types and keys than fit one statement are merged") func manyScans() async throws {
        let store = try SQLiteStore(path: ":memory:", clock: ManualClock())
        let ids = TaskIDGenerator()
        let types = (0..<450).map { "type-\($0)" }
        let tasks = (0..<1350).map { number in
            NewTask(id: ids.next(), type: types[number * 7 % 450]) { task in
                task.concurrency = ConcurrencyLimit(key: "\(task.type)/k")
            }
        }
        for start in stride(from: 0, to: tasks.count, by: 450) {
            _ = try await store.insert(Array(tasks[start..<(start + 450)]))
        }
        let expected = Array(tasks.map(\.id).reversed())
        var byType = TaskQuery(types: Set(types), limit: 200)
        var byKey = TaskQuery(types: Set(types), limit: 200)
        byKey.concurrencyKeys = Dictionary(uniqueKeysWithValues: types.map { ("\($0)/k", [$0]) })
        var (typed, keyed): ([TaskID], [TaskID]) = ([], [])
        repeat {
            let pages = (try await store.tasks(byType), try await store.tasks(byKey))
            #expect(pages.0 == pages.1 && pages.0.total == 1350)
            typed += pages.0.tasks.map(\.id)
            keyed += pages.1.tasks.map(\.id)
            (byType.after, byKey.after) = (pages.0.next, pages.1.next)
        } while byType.after != nil && typed.count < 2000
        #expect(typed == expected && keyed == expected)
        byKey.offset = 1300
        byKey.after = nil
        #expect(try await store.tasks(byKey).tasks.map(\.id) == Array(expected.suffix(50)))
        await store.close()
    }
}
