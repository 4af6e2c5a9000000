#if Redis

import Logging
import Synchronization
import Testing
import XQueue
import XQueueCore
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

/// Redis loses all its data while nodes run; they restore the settings they know.
@Suite("A store that loses its data") struct LostDataTests {
    /// A node with a handler of type `a`, which runs one task at a time, and one of type `b`, which gets no tasks.
    private final class Node: Sendable {
        let manager: TaskManager
        let lines = Seen<String>()
        private let running = Mutex((now: 0, maximum: 0, done: 0))

        init(_ server: RedisServer, prefix: String) async throws {
            var redis = try RedisConfiguration(address: server.address)
            redis.keyPrefix = prefix
            var configuration = QueueConfiguration()
            configuration.heartbeatInterval = .seconds(1)
            let lines = lines
            manager = TaskManager(
                store: try await RedisStore(configuration: redis), configuration: configuration,
                logger: Logger(label: "test") { _ in SeenLogHandler(lines: lines) })
            try manager.register("a", maxConcurrency: 1) { [self] _ -> RawJSON? in
                running.withLock { $0 = ($0.now + 1, max($0.maximum, $0.now + 1), $0.done) }
                try await Task.sleep(for: .milliseconds(3))
                running.withLock { $0 = ($0.now - 1, $0.maximum, $0.done + 1) }
                return nil
            }
            try manager.register("b", maxConcurrency: 7) { _ -> RawJSON? in nil }
        }

        var mostRunning: Int { running.withLock { $0.maximum } }
        var done: Int { running.withLock { $0.done } }

        func limit(of type: String) async throws -> Int? {
            try await manager.types().first { $0.state.type == type }?.state.limit
        }

        /// Waits until the node has seen the current settings.
        func sync() async throws {
            for _ in 0..<2 {
                let last = try await lastSeen
                try await eventually("it is announced again") { try await lastSeen != last }
            }
        }

        private var lastSeen: Timestamp? {
            get async throws { try await manager.nodes().first { $0.id == manager.workerID }?.lastSeenAt }
        }

        var losses: Int { lines.all.count { $0.hasPrefix("The store lost its data") } }

        func running(_ body: () async throws -> Void) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [manager] in try await manager.run() }
                try await eventually("it is announced") { try await !manager.nodes().isEmpty }
                try await body()
                group.cancelAll()
                while let _ = try? await group.next() {}
            }
        }
    }

    private func submit(_ count: Int, to store: RedisStore) async throws {
        let ids = TaskIDGenerator()
        for _ in 0..<count { _ = try await store.insert([NewTask(id: ids.next(), type: "a")]) }
    }

    @Test("Limits of handlers are restored before anything is claimed", arguments: [false, true])
    func limitsBeforeClaims(isRestarted: Bool) async throws {
        let server = try await RedisServer.start()
        let node = try await Node(server, prefix: "q")
        var configuration = try RedisConfiguration(address: server.address)
        configuration.keyPrefix = "q"
        let other = try await RedisStore(configuration: configuration)
        try await node.running {
            try await submit(5, to: other)
            try await eventually("all have run") { node.done == 5 }
            #expect(node.mostRunning == 1)
            #expect(node.losses == 0)
            #expect(node.manager.storeLoss == nil)
            for round in 1...3 {
                if isRestarted { try await server.restart() } else { try await server.command("FLUSHALL") }
                // Like a replay to the empty store.
                try await eventually("tasks are accepted") {
                    do {
                        try await submit(20, to: other)
                        return true
                    } catch {
                        return false
                    }
                }
                try await eventually("all have run") { node.done >= 5 + 20 * round }
                #expect(node.mostRunning == 1)
                #expect(try await node.limit(of: "a") == 1)
                #expect(node.losses == round)
            }
            let loss = try #require(node.manager.storeLoss)
            #expect(loss.known.id != loss.found.id)
            #expect(try await server.command("HGET", "{q}:meta", "birth").text == loss.found.id)
        }
        await other.close()
    }

    @Test("Limits of handlers are restored by the next announcement, even without claims")
    func limitsWithoutClaims() async throws {
        let server = try await RedisServer.start()
        let node = try await Node(server, prefix: "q")
        try await node.running {
            #expect(try await node.limit(of: "b") == 7)
            try await server.command("FLUSHALL")
            try await eventually("the limit is back") { try await node.limit(of: "b") == 7 }
            #expect(node.losses == 1)
            // An operator's limit is kept as long as the data is.
            try await node.manager.setLimit(3, of: "b")
            let seen = try await node.manager.nodes().first?.lastSeenAt
            try await eventually("it is announced again") {
                try await node.manager.nodes().first?.lastSeenAt ?? seen != seen
            }
            #expect(try await node.limit(of: "b") == 3)
            #expect(node.losses == 1)
        }
    }

    @Test("Operators' settings are restored, and newer ones are kept") func settings() async throws {
        let server = try await RedisServer.start()
        let nodes = [try await Node(server, prefix: "q"), try await Node(server, prefix: "q")]
        var configuration = try RedisConfiguration(address: server.address)
        configuration.keyPrefix = "q"
        let other = try await RedisStore(configuration: configuration)
        func state(_ type: String) async throws -> TypeState? {
            try await other.types().first { $0.type == type }
        }
        try await nodes[0].running {
            try await nodes[1].running {
                // A node sets its handlers' limits when it starts.
                for node in nodes { try await node.sync() }
                try await nodes[0].manager.setLimit(3, of: "b")
                try await other.setPaused(true, type: "held")
                try await other.setLimit(5, ofType: "few")
                try await other.setLimit(6, ofType: "changed")
                for node in nodes { try await node.sync() }
                try await server.command("FLUSHALL")
                try await other.setLimit(9, ofType: "changed")
                try await eventually("both have noticed") { nodes.allSatisfy { $0.losses == 1 } }
                #expect(try await state("a")?.limit == 1)
                #expect(try await state("b")?.limit == 3)
                #expect(try await state("held")?.isPaused == true)
                #expect(try await state("held")?.limit == nil)
                #expect(try await state("few")?.limit == 5)
                #expect(try await state("few")?.isPaused == false)
                #expect(try await state("changed")?.limit == 9)
                // Every type is logged, by the node that restored it.
                let restored = nodes.flatMap(\.lines.all).count { $0.hasPrefix("Restored a type's settings") }
                #expect(restored >= 4)

                // A later loss does not restore settings that were lifted.
                try await nodes[0].manager.resume("held")
                try await nodes[1].manager.setLimit(nil, of: "b")
                for node in nodes { try await node.sync() }
                try await server.command("FLUSHALL")
                try await eventually("both have noticed") { nodes.allSatisfy { $0.losses == 2 } }
                #expect(try await state("held")?.isPaused != true)
                #expect(try await state("b")?.limit == nil)
                #expect(try await state("few")?.limit == 5)
            }
        }
        await other.close()
    }

    @Test("The birth mark is drawn once, and two stores of one queue agree on it")
    func mark() async throws {
        let server = try await RedisServer.start()
        var configuration = try RedisConfiguration(address: server.address)
        configuration.keyPrefix = "q"
        let (one, two) = (
            try await RedisStore(configuration: configuration),
            try await RedisStore(configuration: configuration)
        )
        let birth = try #require(try await one.birth())
        #expect(try await two.birth() == birth)
        #expect(try await one.birth() == birth)
        try await server.command("FLUSHALL")
        #expect(try await two.birth()?.id != birth.id)
        await one.close()
        await two.close()
    }
}

/// Records log messages of level warning and above.
private struct SeenLogHandler: LogHandler {
    let lines: Seen<String>
    var logLevel = Logger.Level.warning
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.add("\(event.message)")
    }
}

#endif
