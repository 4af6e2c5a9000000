#if Redis

import Synchronization
import Testing
import XQueueCore
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

@Suite("A queue in a Redis Cluster")
struct RedisClusterTests {
    private let ids = TaskIDGenerator(clock: SystemQueueClock(), random: SystemRandomSource())

    private func store(_ address: String, prefix: String) async throws -> RedisStore {
        var configuration = try RedisConfiguration(address: address)
        configuration.keyPrefix = prefix
        configuration.connectTimeout = .seconds(20)
        return try await RedisStore(configuration: configuration)
    }

    private func insert(_ count: Int, into store: RedisStore) async throws {
        _ = try await store.insert((0..<count).map { _ in NewTask(id: ids.next(), type: "a") })
    }

    private func claim(_ store: RedisStore, token: Int64, _ count: Int = 1) async throws -> [TaskRecord] {
        let grant = ClaimGrant(
            token: LeaseToken(rawValue: token), workerID: "w", lease: .seconds(60), grace: .seconds(5))
        return try await store.claim(ClaimRequest(types: ["a"], count: count, grant: grant)).tasks
    }

    @Test("The server with the queue is found through any server of the cluster")
    func anyServer() async throws {
        let cluster = try await RedisClusterServers.start(keyPrefix: "q")
        for server in cluster.servers {
            let store = try await store(server.address, prefix: "q")
            try await insert(1, into: store)
            await store.close()
        }
        let store = try await store(cluster.first.address, prefix: "q")
        #expect(try await store.statistics().counts[.pending] == 4)
        await store.close()
    }

    @Test("A store follows its queue to another server")
    func movedSlot() async throws {
        let cluster = try await RedisClusterServers.start(keyPrefix: "q")
        let store = try await store(cluster.other.address, prefix: "q")
        let signals = store.signals()
        try await insert(300, into: store)
        let before = try await claim(store, token: 1)
        try await cluster.moveSlot()
        // Two hundred concurrent callers are redirected.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { try await insert(1, into: store) } }
            try await group.waitForAll()
        }
        let ends = before.map {
            Settlement(
                attempt: AttemptID(taskID: $0.id, token: LeaseToken(rawValue: 1)), outcome: .success(nil))
        }
        #expect(try await store.settle(ends) == [.settled(.success, version: 3)])
        #expect(try await claim(store, token: 100, 50).count == 50)
        let counts = try await store.statistics().counts
        #expect(counts[.pending] == 449 && counts[.processing] == 50 && counts[.success] == 1)
        #expect(try await cluster.first.command("DBSIZE").number == 0)
        for await signal in signals where signal == .ready { break }
        await store.close()
    }

    @Test("The replica is found when the server with the queue dies", .timeLimit(.minutes(5)))
    func failover() async throws {
        let cluster = try await RedisClusterServers.start(keyPrefix: "q")
        let store = try await store(cluster.first.address, prefix: "q")
        try await insert(20, into: store)
        try await eventually("the replica has the tasks") {
            let (here, there) = try await (
                cluster.first.info("master_repl_offset"), cluster.replica.info("master_repl_offset")
            )
            return here == there
        }
        try await cluster.first.kill()
        try await eventually("the replica takes tasks") {
            (try? await insert(1, into: store)) != nil
        }
        #expect(try await store.statistics().counts[.pending] >= 21)
        #expect(try await cluster.replica.info("role") == "master")
        await store.close()
    }
}

#endif
