#if Redis

import Testing
import XQueueCore
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

@Suite("The store on Redis")
struct RedisStoreTests {
    private func with(
        limits: StoreLimits = StoreLimits(), prefix: String = RedisServer.prefix(),
        _ body: (RedisStore) async throws -> Void
    ) async throws {
        var configuration = try RedisConfiguration(address: try await RedisServer.guarded.guardedAddress)
        configuration.keyPrefix = prefix
        let store = try await RedisStore(configuration: configuration, limits: limits)
        do {
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    private let ids = TaskIDGenerator(clock: SystemQueueClock(), random: SystemRandomSource())

    private func grant(_ token: Int64) -> ClaimGrant {
        ClaimGrant(
            token: LeaseToken(rawValue: token), workerID: "w", lease: .seconds(60), grace: .seconds(5))
    }

    @Test("Two hundred concurrent callers each get their own replies")
    func manyCallers() async throws {
        try await with { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<200 {
                    group.addTask {
                        let task = NewTask(
                            id: ids.next(), type: "t\(caller)", payload: RawJSON(trusted: "\(caller)"))
                        let inserted = try await store.insert([task])
                        #expect(inserted.map(\.record.id) == [task.id])
                        let request = ClaimRequest(
                            types: [task.type], count: 5, grant: grant(Int64(caller + 1) * 1000))
                        let claimed = try await store.claim(request).tasks
                        #expect(claimed.map(\.payload.text) == ["\(caller)"])
                        let end = Settlement(
                            attempt: AttemptID(
                                taskID: task.id, token: LeaseToken(rawValue: Int64(caller + 1) * 1000)),
                            outcome: .success(RawJSON(trusted: "[\(caller)]")))
                        #expect(try await store.settle([end]) == [.settled(.success, version: 3)])
                        #expect(try await store.task(task.id)?.result?.text == "[\(caller)]")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.statistics().counts[.success] == 200)
        }
    }

    @Test("Scripts that the server has lost are sent again")
    func forgottenScripts() async throws {
        let server = try await RedisServer.start()
        var configuration = try RedisConfiguration(address: server.address)
        configuration.keyPrefix = "q"
        let store = try await RedisStore(configuration: configuration)
        _ = try await server.command("SCRIPT", "FLUSH", "SYNC")
        let task = NewTask(id: ids.next(), type: "a")
        #expect(try await store.insert([task]).map(\.record.id) == [task.id])
        #expect(try await store.task(task.id)?.status == .pending)
        await store.close()
        // Every key begins with the hash tag, which keeps them in one slot of a cluster.
        let keys = try await server.command("KEYS", "*").list
        #expect(!keys.isEmpty)
        for key in keys { #expect(key.text?.hasPrefix("{q}:") == true) }
    }

    @Test("Two queues on one server are independent")
    func twoQueues() async throws {
        try await with { first in
            try await with { second in
                _ = try await first.insert([NewTask(id: ids.next(), type: "a")])
                #expect(try await second.types().isEmpty)
                #expect(
                    try await second.claim(ClaimRequest(types: ["a"], count: 1, grant: grant(1))).tasks
                        .isEmpty)
            }
        }
    }

    @Test("Changes at one node wake the others")
    func signalsCross() async throws {
        let prefix = RedisServer.prefix()
        try await with(prefix: prefix) { here in
            try await with(prefix: prefix) { there in
                let signals = there.signals()
                // Subscribing sends a signal, too, so wait until the task is there.
                var iterator = signals.makeAsyncIterator()
                let task = NewTask(id: ids.next(), type: "a")
                _ = try await here.insert([task])
                var next = await iterator.next()
                while next == .ready {
                    if try await there.task(task.id) != nil { break }
                    next = await iterator.next()
                }
                #expect(next == .ready)
                let claimed = try await there.claim(ClaimRequest(types: ["a"], count: 1, grant: grant(1)))
                #expect(claimed.tasks.map(\.id) == [task.id])
                let cancels = there.signals()
                _ = try await here.cancel([task.id], grace: .seconds(5))
                #expect(await cancels.first { $0 == .cancelRequested(task.id) } != nil)
            }
        }
    }

    @Test("Pages at any offset are correct")
    func deepPages() async throws {
        try await with { store in
            var all: [TaskID] = []
            for round in 0..<20 {
                let tasks = (0..<200).map { index in
                    NewTask(
                        id: ids.next(), type: index.isMultiple(of: 2) ? "a" : "b",
                        schedule: index.isMultiple(of: 7) ? .after(.seconds(1000)) : .now
                    ) { task in
                        task.priority = Int32(index % 5)
                    }
                }
                all += tasks.map(\.id)
                _ = try await store.insert(tasks)
                _ = try await store.claim(
                    ClaimRequest(types: ["a"], count: 20, grant: grant(Int64(round + 1) * 1000)))
            }
            let newestFirst = Array(all.reversed())
            for offset in [0, 1, 499, 500, 501, 1234, 2500, 3990, 3999, 4000, 5000] {
                let page = try await store.tasks(TaskQuery(limit: 25, offset: offset))
                #expect(page.total == 4000)
                #expect(page.tasks.map(\.id) == Array(newestFirst.dropFirst(offset).prefix(25)))
            }
        }
    }

    @Test("All tasks are listed if there are thousands of priorities")
    func manyPriorities() async throws {
        try await with { store in
            let tasks = (0..<1500).map { number in
                NewTask(id: ids.next(), type: "a") { $0.priority = Int32(number) }
            }
            for start in stride(from: 0, to: 1500, by: 500) {
                _ = try await store.insert(Array(tasks[start..<(start + 500)]))
            }
            let page = try await store.tasks(TaskQuery(statuses: [.pending], limit: 1000))
            #expect(page.total == 1500)
            #expect(Set(page.tasks.map(\.id)).count == 1000)
            for offset in stride(from: 0, to: 1500, by: 300) {
                let later = try await store.tasks(TaskQuery(statuses: [.pending], limit: 10, offset: offset))
                #expect(later.tasks.count == 10)
            }
            #expect(try await store.tasks(TaskQuery(limit: 10, offset: 1495)).tasks.count <= 10)
            #expect(try await store.statistics().oldestPendingAge != nil)
        }
    }

    @Test("A prefix that is not valid in a hash tag is rejected", arguments: ["", "a{b", "a}b", "a b"])
    func badPrefix(_ prefix: String) async throws {
        await #expect(throws: StoreError.self) { try await with(prefix: prefix) { _ in } }
    }

    @Test("Every script can be assembled")
    func scripts() throws {
        for script in RedisScript.allCases {
            let text = try ScriptText.text(of: script)
            #expect(!text.contains("-- "))
            #expect(!text.contains("$P"))
        }
    }
}

#endif
