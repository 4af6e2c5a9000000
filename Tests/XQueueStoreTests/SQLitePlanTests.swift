import GRDB
import GRDBSQLite
import Testing
import XQueueCore
import XQueueTesting

@testable import XQueueSQLite

/// Every statement the store prepares uses an index, regardless of the number of tasks.
@Suite struct SQLitePlanTests {
    @Test func everyStatementUsesAnIndex() async throws {
        let store = try SQLiteStore(path: ":memory:", clock: ManualClock())
        try await useEveryVerb(store)
        let plans = try await plans(of: store)
        #expect(plans.count > 25)
        var used: Set<String> = []
        for plan in plans {
            for step in plan.steps
            where [" tasks", "large_payloads", " schedules", " unique_keys"].contains(where: {
                step.contains($0)
            }) {
                #expect(
                    step.contains("USING INDEX") || step.contains("USING COVERING INDEX")
                        || step.contains("USING INTEGER PRIMARY KEY")
                        || step.contains("USING PRIMARY KEY"),
                    "\(step)\n\(plan.sql)")
                // This would read every pending task of a key to count the running ones.
                #expect(!step.contains("(key=? AND status<?)"), "\(step)\n\(plan.sql)")
                for index in Self.indexes where step.hasSuffix(index) || step.contains(index + " ") {
                    used.insert(index)
                }
            }
        }
        #expect(used == Set(Self.indexes))
        await store.close()
    }

    @Test func aClaimAndASweepReadInOrderWithoutSorting() async throws {
        let store = try SQLiteStore(path: ":memory:", clock: ManualClock())
        try await useEveryVerb(store)
        let hot = try await plans(of: store).filter { plan in
            ["status = 0 AND reason", "due_at <=", "min(due_at)"].contains { plan.sql.contains($0) }
        }
        #expect(hot.count >= 9)
        for plan in hot {
            #expect(!plan.steps.contains { $0.contains("TEMP B-TREE") }, "\(plan.steps)\n\(plan.sql)")
        }
        await store.close()
    }

    /// A sort would keep all sorted payloads in memory.
    @Test func noPayloadIsSorted() async throws {
        let store = try SQLiteStore(path: ":memory:", clock: ManualClock())
        try await useEveryVerb(store)
        let whole = try await plans(of: store).filter { plan in
            plan.sql.hasPrefix("SELECT") && plan.sql.contains("large_payloads")
        }
        #expect(whole.count >= 3)
        for plan in whole {
            #expect(!plan.steps.contains { $0.contains("TEMP B-TREE") }, "\(plan.steps)\n\(plan.sql)")
        }
        await store.close()
    }

    /// Whatever the filter, a page seeks its cursor in an index and does not sort.
    @Test func aListSeeksItsCursorWithoutSorting() async throws {
        let store = try SQLiteStore(path: ":memory:", clock: ManualClock())
        try await useEveryVerb(store)
        let lists = try await plans(of: store).filter { $0.sql.hasPrefix("SELECT seq, id FROM tasks") }
        let seeking = lists.filter { $0.sql.contains("id < ?3") }
        #expect(seeking.count >= 9 && lists.count >= 2 * seeking.count)
        for plan in lists {
            #expect(!plan.steps.contains { $0.contains("TEMP B-TREE") }, "\(plan.steps)\n\(plan.sql)")
        }
        for plan in seeking {
            for step in plan.steps where step.contains(" tasks") {
                #expect(step.hasPrefix("SEARCH") && step.contains("id<?"), "\(step)\n\(plan.sql)")
            }
        }
        await store.close()
    }

    private static let indexes = [
        "tasks_id", "tasks_ready", "tasks_due", "tasks_status", "tasks_type", "tasks_key", "tasks_parked",
        "tasks_key_history", "unique_keys_expiry", "schedules_due",
    ]

    private struct Plan {
        let sql: String
        let steps: [String]
    }

    /// The plans of all statements prepared on the store's connection.
    private func plans(of store: SQLiteStore) async throws -> [Plan] {
        try await store.database.read { db in
            var texts: Set<String> = []
            var next = sqlite3_next_stmt(db.sqliteConnection, nil)
            while let statement = next {
                texts.insert(String(cString: sqlite3_sql(statement)))
                next = sqlite3_next_stmt(db.sqliteConnection, statement)
            }
            let ours = texts.filter { sql in
                ["tasks", "schedules", "unique_keys"].contains { sql.contains($0) }
                    && !sql.hasPrefix("CREATE")
            }
            return try ours.sorted().map { sql in
                let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                // The plan does not depend on the values.
                statement.setUncheckedArguments(
                    StatementArguments(
                        Array(
                            repeating: DatabaseValue.null,
                            count: Int(sqlite3_bind_parameter_count(statement.sqliteStatement)))))
                return Plan(
                    sql: sql, steps: try Row.fetchAll(statement).map { $0["detail"] as String })
            }
        }
    }

    private func useEveryVerb(_ store: SQLiteStore) async throws {
        let ids = TaskIDGenerator(clock: ManualClock())
        func task(_ type: String, unique: String? = nil, priority: Int32 = 0) -> NewTask {
            NewTask(
                id: ids.next(), type: type,
                payload: RawJSON(trusted: "\"" + String(repeating: "x", count: 5000) + "\"")
            ) { task in
                task.priority = priority
                task.concurrency = ConcurrencyLimit(key: "k")
                task.uniqueKey = unique
            }
        }
        let tasks = [task("a", unique: "u"), task("a"), task("b"), task("a", priority: 1), task("c")]
        let records = try await store.insert(tasks).map(\.record)
        for record in records {
            _ = try await store.rewrite(
                TaskRewrite(id: record.id, version: 1, definition: record.definition, schedule: .now))
        }
        var again = task("a", unique: "u")
        again.onConflict = .rerun
        _ = try await store.insert([again])
        let grant = ClaimGrant(
            token: LeaseToken(rawValue: 1), workerID: "w", lease: .seconds(60), grace: .seconds(1))
        let claimed = try await store.claim(ClaimRequest(types: ["a", "b"], count: 9, grant: grant)).tasks
        again.id = ids.next()
        _ = try await store.insert([again])
        let attempt = AttemptID(taskID: try #require(claimed.first).id, token: grant.token)
        _ = try await store.heartbeat([attempt], lease: .seconds(60))
        try await store.report([ProgressReport(attempt: attempt, progress: TaskProgress(percent: 1))])
        _ = try await store.statistics()
        _ = try await store.settle([Settlement(attempt: attempt, outcome: .success(nil))])
        _ = try await store.cancel(tasks.map(\.id), grace: .zero)
        _ = try await store.requeue([tasks[0].id])
        _ = try await store.sweep(limit: 10, draw: 0.5)
        try await store.setLimit(1, ofType: "a")
        try await store.setPaused(true, type: "a")
        for statuses in [[], [.pending], [.failed, .success]] as [Set<TaskStatus>] {
            for types in [[], ["a"], ["a", "b"]] as [Set<String>] {
                for key in [nil, "k"] {
                    for after in [nil, TaskCursor(last: tasks[1].id)] {
                        _ = try await store.tasks(
                            TaskQuery(statuses: statuses, types: types, concurrencyKey: key, after: after))
                    }
                }
            }
        }
        let schedule = ScheduleRecord(
            name: "s", dueAt: Timestamp(milliseconds: 1), definition: RawJSON(trusted: "{}"),
            state: RawJSON(trusted: "{}"))
        _ = try await store.save(schedule, firing: [task("a")], events: [])
        _ = try await store.schedule("s")
        _ = try await store.schedules(after: "a", limit: 10)
        _ = try await store.dueSchedules(limit: 10)
        _ = try await store.removeSchedule("s", version: nil)
        _ = try await store.task(tasks[0].id)
        _ = try await store.types()
        try await store.check()
        _ = try await store.prune(Retention(age: .seconds(3600), count: 0), limit: 10)
    }
}
