#if Redis

import Testing
import XQueueCore
import XQueueRedis
import XQueueTestServers

/// The cost of a page depends on its size, not on its position.
@Suite("The cost of a page on Redis") struct ListCostTests {
    private static let queries: [TaskQuery] = [
        TaskQuery(), TaskQuery(types: ["a"]), TaskQuery(types: ["a", "b"]), TaskQuery(statuses: [.pending]),
        TaskQuery(statuses: [.pending, .canceled]), TaskQuery(statuses: [.canceled], types: ["a", "c"]),
        TaskQuery(concurrencyKey: "k"), TaskQuery(statuses: [.pending], types: ["a"], concurrencyKey: "k"),
    ]

    private static func withStore(
        _ body: (RedisStore, RedisServer) async throws -> Void
    ) async throws {
        // A server of its own, since its commands are counted.
        let server = try await RedisServer.start()
        let store = try await RedisStore(configuration: try RedisConfiguration(address: server.address))
        do {
            try await body(store, server)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// Inserts 24,000 tasks of three types and four priorities, of which every fourth is canceled and every second has
    /// a key. Returns them newest first.
    private static func fill(_ store: RedisStore) async throws -> [TaskID] {
        let ids = TaskIDGenerator()
        var all: [TaskID] = []
        for _ in 0..<48 {
            let tasks = (0..<500).map { number in
                NewTask(id: ids.next(), type: ["a", "b", "c"][number % 3]) { task in
                    task.priority = Int32(number % 4)
                    if number.isMultiple(of: 2) { task.concurrency = ConcurrencyLimit(key: "k") }
                }
            }
            all += tasks.map(\.id)
            _ = try await store.insert(tasks)
            let ended = tasks.indices.filter { $0.isMultiple(of: 4) }.map { tasks[$0].id }
            _ = try await store.cancel(ended, grace: .zero)
        }
        return all.reversed()
    }

    /// Number of sorted-set commands the server has executed.
    private static func calls(_ server: RedisServer) async throws -> Int {
        let text = try await server.command("INFO", "commandstats").text ?? ""
        return text.split(whereSeparator: \.isNewline).reduce(0) { sum, line in
            guard line.hasPrefix("cmdstat_z"), let calls = line.firstRange(of: "calls=") else { return sum }
            return sum + (Int(line[calls.upperBound...].prefix { $0.isNumber }) ?? 0)
        }
    }

    @Test("Page 10,000 takes no more commands than page 2", .timeLimit(.minutes(5))) func deepPages()
        async throws
    {
        try await Self.withStore { store, server in
            let ids = try await Self.fill(store)
            func cost(_ query: TaskQuery) async throws -> (page: TaskPage, calls: Int) {
                let before = try await Self.calls(server)
                let page = try await store.tasks(query)
                return (page, try await Self.calls(server) - before)
            }
            for query in Self.queries {
                var query = query
                query.limit = 1
                let first = try await cost(query)
                query.after = TaskCursor(last: ids[0])
                let second = try await cost(query)
                query.after = TaskCursor(last: ids[10_000])
                let deep = try await cost(query)
                #expect(first.calls > 0 && second.page.tasks.count == 1 && deep.page.tasks.count == 1)
                #expect(try #require(deep.page.tasks.first).id < ids[10_000])
                #expect(first.page.total == deep.page.total)
                #expect(
                    deep.calls <= second.calls * 3 / 2 + 10,
                    "\(query): \(second.calls) commands, then \(deep.calls)")
            }
        }
    }

    @Test("Beyond a hundred priorities each task is still listed once") func manyPriorities() async throws {
        try await Self.withStore { store, _ in
            let ids = TaskIDGenerator()
            var all: Set<TaskID> = []
            for type in ["a", "b"] {
                for start in [0, 500] {
                    let tasks = (start..<(start + 500)).map { number in
                        // Each priority twice, so that a page may end between the two.
                        NewTask(id: ids.next(), type: type) { $0.priority = Int32(number / 2) - 250 }
                    }
                    all.formUnion(tasks.map(\.id))
                    _ = try await store.insert(tasks)
                }
            }
            for limit in [7, 100, 999] {
                for query in [
                    TaskQuery(limit: limit), TaskQuery(statuses: [.pending], types: ["a"], limit: limit),
                ] {
                    var query = query
                    var found: [TaskID] = []
                    repeat {
                        let page = try await store.tasks(query)
                        #expect(page.tasks.count == min(limit, page.total - found.count))
                        found += page.tasks.map(\.id)
                        query.after = page.next
                    } while query.after != nil && found.count <= 2000
                    #expect(found.count == (query.types.isEmpty ? 2000 : 1000))
                    #expect(Set(found).count == found.count && all.isSuperset(of: found))
                }
            }
        }
    }
}

#endif
