import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let queryCases: [ConformanceCase] = [
        ConformanceCase("query: pages newest first, without gaps or repeats") { fixture in
            let records = try await fixture.submit((0..<25).map { _ in fixture.task() })
            var seen: [TaskRecord] = []
            for offset in stride(from: 0, to: 30, by: 10) {
                let page = try await fixture.store.tasks(TaskQuery(limit: 10, offset: offset))
                #expect(page.total == 25)
                seen += page.tasks
            }
            #expect(seen == records.reversed())
            let beyond = try await fixture.store.tasks(TaskQuery(offset: TaskQuery.maxOffset))
            #expect(beyond == TaskPage(tasks: [], total: 25))
            #expect(try await fixture.store.tasks(TaskQuery(limit: 1000)).tasks.count == 25)
        },
        ConformanceCase("query: supports every combination of filters") { fixture in
            let all = try await populate(fixture)
            let statusSets: [Set<TaskStatus>] =
                [[], Set(TaskStatus.allCases), [.pending, .failed]] + TaskStatus.allCases.map { [$0] }
            for statuses in statusSets {
                for types in [[], ["a"], ["b"], ["none"], ["a", "b"], ["b", "none"]] as [Set<String>] {
                    for key in [nil, "k", "none"] {
                        var query = TaskQuery(
                            statuses: statuses, types: types, concurrencyKey: key, limit: 4, offset: 1)
                        #expect(try await fixture.store.tasks(query) == query.page(of: all), "\(query)")
                        // Following the pages visits every task once.
                        query.offset = 0
                        try await follow(query, all, fixture)
                    }
                }
            }
        },
        ConformanceCase("query: a page ends early once it is large") { fixture in
            let records = try await fixture.submit((0..<5).map { _ in fixture.task(bytes: 1000) })
            let page = try await fixture.store.tasks(TaskQuery(limit: 5, maxBytes: 2500))
            let third = TaskCursor(last: records[2].id)
            #expect(page == TaskPage(tasks: Array(records.reversed().prefix(3)), total: 5, next: third))
            var rest = TaskQuery(limit: 5, offset: 3, maxBytes: 2500)
            let end = TaskPage(tasks: Array(records.reversed().suffix(2)), total: 5)
            #expect(try await fixture.store.tasks(rest) == end)
            (rest.offset, rest.after) = (0, third)
            #expect(try await fixture.store.tasks(rest) == end)
            #expect(try await fixture.store.tasks(TaskQuery(maxBytes: 0)).tasks.count == 1)
        },
        ConformanceCase("query: a key applies to its own types") { fixture in
            for key in ["k", "a/k", "b/k", nil] {
                try await fixture.submit(["a", "b", "c"].map { fixture.task($0, key: key, limit: 9) })
            }
            _ = try await fixture.claim(["a", "b"], count: 3)
            let all = try await fixture.store.tasks(TaskQuery(limit: 1000)).tasks
            let keys: [[String: Set<String>]] = [
                ["k": [], "a/k": ["a"], "b/k": ["b"]], ["k": ["a"], "b/k": ["b", "c"]],
                ["none": ["a"], "k": ["b"]], ["k": ["none"]],
            ]
            for concurrencyKeys in keys {
                for types in [[], ["a"], ["a", "b"], ["none"]] as [Set<String>] {
                    for statuses in [[], [.pending]] as [Set<TaskStatus>] {
                        var query = TaskQuery(statuses: statuses, types: types, limit: 2)
                        query.concurrencyKeys = concurrencyKeys
                        try await follow(query, all, fixture)
                    }
                }
            }
        },
        ConformanceCase("query: a cursor stays valid, whatever happens before and at it") { fixture in
            let records = try await fixture.submit((0..<30).map { _ in fixture.task() })
            var query = TaskQuery(limit: 10)
            let first = try await fixture.store.tasks(query)
            query.after = first.next
            #expect(query.after == TaskCursor(last: records[20].id))
            let expected = TaskPage(
                tasks: Array(records[10..<20].reversed()), total: 30, next: TaskCursor(last: records[10].id))
            #expect(try await fixture.store.tasks(query) == expected)
            // Newer tasks are added, and the one at the cursor is removed.
            try await fixture.submit((0..<3).map { _ in fixture.task() })
            _ = try await fixture.store.cancel([records[20].id], grace: .zero)
            fixture.clock.advance(by: .seconds(60))
            #expect(try await fixture.store.prune(Retention(age: .seconds(30), count: 0), limit: 10) == 1)
            var after = expected
            after.total = 32
            #expect(try await fixture.store.tasks(query) == after)
            query.after = TaskCursor(last: TaskID(high: 0, low: 0))
            #expect(try await fixture.store.tasks(query) == TaskPage(tasks: [], total: 32))
            query.after = TaskCursor(last: TaskID(high: .max, low: .max))
            #expect(try await fixture.store.tasks(query).tasks.count == 10)
        },
        ConformanceCase("query: an unknown task is nil") { fixture in
            let record = try await fixture.store.task(fixture.nextID())
            #expect(record == nil)
            let page = try await fixture.store.tasks(TaskQuery())
            #expect(page == TaskPage(tasks: [], total: 0))
        },
        ConformanceCase("query: a list returns the same records as lookups") { fixture in
            for record in try await populate(fixture) {
                #expect(try await fixture.read(record.id) == record)
            }
        },
    ]

    /// Follows the pages, and expects all matching tasks, once and in order.
    private static func follow(
        _ query: TaskQuery, _ all: [TaskRecord], _ fixture: StoreFixture
    ) async throws {
        var query = query
        var found: [TaskRecord] = []
        repeat {
            let page = try await fixture.store.tasks(query)
            #expect(page == query.page(of: all), "\(query)")
            found += page.tasks
            query.after = page.next
        } while query.after != nil && found.count <= all.count
        #expect(found == all.filter(query.matches), "\(query)")
    }

    /// Submits tasks of two types in every status, with and without a key; returns all of them, newest first.
    private static func populate(_ fixture: StoreFixture) async throws -> [TaskRecord] {
        for type in ["a", "b"] {
            for key in [nil, "k"] {
                func start() async throws -> TaskRecord {
                    try await fixture.submit(
                        fixture.task(type, priority: 1, key: key, limit: 99, maxRetry: 0))
                    return try await fixture.claimOne(type, lease: .seconds(3600))
                }
                try await fixture.submit(fixture.task(type, key: key, queueTimeout: .seconds(1)))
                try await fixture.advance(by: .seconds(1))
                _ = try await start()
                try await fixture.settle(try await start(), .success(RawJSON.null))
                try await fixture.settle(
                    try await start(), .failure(AttemptFailure("x", isPermanent: true), draw: 0))
                let canceled = try await fixture.submit(fixture.task(type, key: key))
                _ = try await fixture.store.cancel([canceled.id], grace: .zero)
                try await fixture.submit(fixture.task(type, key: key, limit: 99))
                try await fixture.submit(fixture.task(type, key: key, schedule: .after(.seconds(600))))
            }
        }
        return try await fixture.store.tasks(TaskQuery(limit: 1000)).tasks
    }
}
