#if Redis

import Synchronization
import Testing
import XQueue
import XQueueCore
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

@Suite("Another server takes over") struct FailoverTests {
    private let ids = TaskIDGenerator()

    @Test("In good order, nothing that was accepted is lost")
    func handOver() async throws {
        let trio = try await RedisSentinelTrio.start()
        var configuration = try RedisConfiguration()
        configuration.connectTimeout = .seconds(20)
        configuration.sentinel = .init(
            addresses: try trio.sentinelPorts.map { try RedisAddress("127.0.0.1:\($0)") },
            primaryName: trio.name)
        let store = try await RedisStore(configuration: configuration)
        let accepted = Seen<TaskID>()
        let submitting = Task { [ids] in
            while !Task.isCancelled {
                let tasks = (0..<5).map { _ in NewTask(id: ids.next(), type: "a") }
                // A call that fails says nothing of its tasks.
                if (try? await store.insert(tasks)) != nil {
                    for task in tasks { accepted.add(task.id) }
                }
                await Task.yield()
            }
        }
        func wait(for more: Int) async throws {
            let before = accepted.all.count
            try await eventually("tasks are accepted") { accepted.all.count > before + more }
        }
        do {
            try await wait(for: 100)
            let first = try await trio.primaryPort()
            #expect(try await trio.handOver() != first)
            try await wait(for: 100)
        } catch {
            submitting.cancel()
            throw error
        }
        submitting.cancel()
        await submitting.value
        var lost = 0
        for id in accepted.all where try await store.task(id) == nil { lost += 1 }
        #expect(lost == 0)
        await store.close()
    }

    @Test("Whoever follows the events goes on where the new server's log does, and misses none of it")
    func followers() async throws {
        let old = try await RedisServer.start()
        var options = RedisOptions()
        options.replicaOf = old.port
        let new = try await RedisServer.start(options)
        let proxy = try await TCPProxy.start(to: old.port)
        var configuration = try RedisConfiguration(address: "127.0.0.1:\(proxy.port)")
        configuration.keyPrefix = "q"
        configuration.connectTimeout = .seconds(20)
        let store = try await RedisStore(configuration: configuration)
        let manager = TaskManager(store: store)
        let follower = Follower()
        let subscription = try manager.eventBus.subscribe([EventFilter.all]) { follower.take($0) }
        try await eventually("the follower is there") { follower.isStarted }
        func submit(_ count: Int) async throws -> [TaskID] {
            var submitted: [TaskID] = []
            for _ in 0..<count { submitted.append(try await manager.submit("a", .null).id) }
            return submitted
        }
        let early = try await submit(10)
        try await eventually("the replica has them") {
            try await new.command("HLEN", "{q}:tasks").number == 10
        }
        try await new.command("REPLICAOF", "NO", "ONE")
        // The new primary will never have these.
        let lost = try await submit(30)
        try await eventually("they are told") { follower.told == early + lost }
        let last = try await store.lastEvent()
        proxy.setTarget(new.port)
        proxy.dropConnections()
        var late: [TaskID] = []
        try await eventually("tasks are accepted again") {
            guard let id = try? await manager.submit("a", .null).id else { return false }
            late.append(id)
            return late.count >= 15
        }
        try await eventually("all of them are told") {
            Set(follower.told).isSuperset(of: late)
        }
        #expect(follower.told.filter { late.contains($0) } == late)
        #expect(follower.rewinds == 1)
        #expect(follower.resets == 0)
        // So does one that comes back later with the last cursor it had.
        let other = Follower()
        let second = try manager.eventBus.subscribe([EventFilter.all], after: last) { other.take($0) }
        try await eventually("it is told of all") { Set(other.told).isSuperset(of: late) }
        #expect(other.told.filter { late.contains($0) } == late)
        #expect(other.rewinds == 1)
        #expect(other.resets == 0)
        subscription.cancel()
        second.cancel()
        manager.eventBus.stop()
        await store.close()
    }
}

/// What a subscriber is told. It takes few events, so it need not say that it has taken them.
private final class Follower: Sendable {
    private struct State {
        var isStarted = false
        var told: [TaskID] = []
        var rewinds = 0
        var resets = 0
    }

    private let state = Mutex(State())

    var isStarted: Bool { state.withLock { $0.isStarted } }
    var told: [TaskID] { state.withLock { $0.told } }
    var rewinds: Int { state.withLock { $0.rewinds } }
    var resets: Int { state.withLock { $0.resets } }

    func take(_ delivery: EventDelivery) {
        state.withLock { state in
            switch delivery {
            case .started: state.isStarted = true
            case .events(let events, _): state.told += events.map(\.event.taskID)
            case .rewound: state.rewinds += 1
            case .reset: state.resets += 1
            case .ended: break
            }
        }
    }
}

#endif
