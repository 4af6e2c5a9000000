#if Redis

import Synchronization
import Testing
import XQueue
import XQueueCore
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

@Suite("Failover") struct FailoverTests {
    private let ids = TaskIDGenerator()

    @Test("An orderly handover loses no accepted task")
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
                // If a call fails, the outcome of its tasks is unknown.
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

    @Test("A follower of events resumes from the new primary's log without missing any")
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
        try await eventually("the follower has started") { follower.isStarted }
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
        try await eventually("they are received") { follower.received == early + lost }
        let last = try await store.lastEvent()
        proxy.setTarget(new.port)
        proxy.dropConnections()
        var late: [TaskID] = []
        try await eventually("tasks are accepted again") {
            guard let id = try? await manager.submit("a", .null).id else { return false }
            late.append(id)
            return late.count >= 15
        }
        try await eventually("all of them are received") {
            Set(follower.received).isSuperset(of: late)
        }
        #expect(follower.received.filter { late.contains($0) } == late)
        #expect(follower.rewinds == 1)
        #expect(follower.resets == 0)
        // A follower that reconnects later with its last cursor resumes as well.
        let other = Follower()
        let second = try manager.eventBus.subscribe([EventFilter.all], after: last) { other.take($0) }
        try await eventually("it receives all") { Set(other.received).isSuperset(of: late) }
        #expect(other.received.filter { late.contains($0) } == late)
        #expect(other.rewinds == 1)
        #expect(other.resets == 0)
        subscription.cancel()
        second.cancel()
        manager.eventBus.stop()
        await store.close()
    }
}

/// Records what a subscriber receives. There are few events, so it never has to acknowledge them.
private final class Follower: Sendable {
    private struct State {
        var isStarted = false
        var received: [TaskID] = []
        var rewinds = 0
        var resets = 0
    }

    private let state = Mutex(State())

    var isStarted: Bool { state.withLock { $0.isStarted } }
    var received: [TaskID] { state.withLock { $0.received } }
    var rewinds: Int { state.withLock { $0.rewinds } }
    var resets: Int { state.withLock { $0.resets } }

    func take(_ delivery: EventDelivery) {
        state.withLock { state in
            switch delivery {
            case .started: state.isStarted = true
            case .events(let events, _): state.received += events.map(\.event.taskID)
            case .rewound: state.rewinds += 1
            case .reset: state.resets += 1
            case .ended: break
            }
        }
    }
}

#endif
