import Testing
import XQueueCore

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
            let beyond = try await fixture.store.tasks(TaskQuery(offset: 100))
            #expect(beyond == TaskPage(tasks: [], total: 25))
            #expect(try await fixture.store.tasks(TaskQuery(limit: 1000)).tasks.count == 25)
        },
        ConformanceCase("query: every combination of filters") { fixture in
            let all = try await populate(fixture)
            let statusSets: [Set<TaskStatus>] =
                [[], Set(TaskStatus.allCases), [.pending, .failed]] + TaskStatus.allCases.map { [$0] }
            for statuses in statusSets {
                for types in [[], ["a"], ["b"], ["none"], ["a", "b"], ["b", "none"]] as [Set<String>] {
                    for key in [nil, "k", "none"] {
                        let query = TaskQuery(
                            statuses: statuses, types: types, concurrencyKey: key, limit: 4, offset: 1)
                        let matches = all.filter {
                            (statuses.isEmpty || statuses.contains($0.status))
                                && (types.isEmpty || types.contains($0.type))
                                && (key == nil || $0.concurrency?.key == key)
                        }
                        let expected = TaskPage(
                            tasks: Array(matches.dropFirst(1).prefix(4)), total: matches.count)
                        #expect(try await fixture.store.tasks(query) == expected, "\(query)")
                    }
                }
            }
        },
        ConformanceCase("query: a page ends early once it is large") { fixture in
            let records = try await fixture.submit((0..<5).map { _ in fixture.task(bytes: 1000) })
            let page = try await fixture.store.tasks(TaskQuery(limit: 5, maxBytes: 2500))
            #expect(page == TaskPage(tasks: Array(records.reversed().prefix(3)), total: 5))
            let rest = try await fixture.store.tasks(TaskQuery(limit: 5, offset: 3, maxBytes: 2500))
            #expect(rest.tasks == Array(records.reversed().suffix(2)))
            #expect(try await fixture.store.tasks(TaskQuery(maxBytes: 0)).tasks.count == 1)
        },
        ConformanceCase("query: a task nobody knows") { fixture in
            let record = try await fixture.store.task(fixture.nextID())
            #expect(record == nil)
            let page = try await fixture.store.tasks(TaskQuery())
            #expect(page == TaskPage(tasks: [], total: 0))
        },
        ConformanceCase("query: a list shows the same record as a look-up") { fixture in
            for record in try await populate(fixture) {
                #expect(try await fixture.read(record.id) == record)
            }
        },
    ]

    /// Tasks of two types in every status, with and without a key; answers them all, newest first.
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
