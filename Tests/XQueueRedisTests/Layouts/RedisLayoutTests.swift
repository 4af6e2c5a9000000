#if Redis

import Foundation
import Logging
import NIOPosix
import Testing
import XQueueCore
@testable import XQueueRedis
import XQueueStoreKit
import XQueueTestServers
import XQueueTesting

@Suite("Layouts in Redis", .serialized)
struct RedisLayoutTests {
    private static let server = Task { try await RedisServer.start() }

    /// Restores a dump of a queue and returns its configuration.
    private func dumped(_ name: String = "redis-1") async throws -> RedisConfiguration {
        var configuration = try await empty()
        let commands = try LayoutDump(name).commands(prefix: configuration.keyPrefix)
        let client = RedisClient(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test"))
        try await client.connect()
        for words in commands {
            var command = RedisCommand(String(decoding: words[0], as: UTF8.self))
            for word in words.dropFirst() { command.append(word) }
            _ = try await client.send(command)
        }
        await client.close()
        configuration.minIdleConnections = 1
        return configuration
    }

    private func empty(at server: RedisServer? = nil) async throws -> RedisConfiguration {
        let shared = try await Self.server.value
        var configuration = try RedisConfiguration(address: (server ?? shared).address)
        configuration.keyPrefix = RedisServer.prefix()
        return configuration
    }

    private func key(_ name: String, _ configuration: RedisConfiguration) -> String {
        "\(configuration.hashTag):\(name)"
    }

    /// Opens a store, runs `body`, and closes the store.
    private func with<Value>(
        _ configuration: RedisConfiguration, _ body: (RedisStore) async throws -> Value
    ) async throws -> Value {
        let store = try await RedisStore(configuration: configuration)
        do {
            let value = try await body(store)
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }

    @Test("Opening a dump of an older layout preserves the queue", arguments: ["redis-1"])
    func dumps(_ name: String) async throws {
        let configuration = try await dumped(name)
        let server = try await Self.server.value
        try await with(configuration) { store in
            #expect(try await LayoutDump(name).differences(in: store) == [])
            // The attempts of remote workers remain such.
            let running = try await store.tasks(TaskQuery(statuses: [.processing])).tasks
            #expect(running.count == 4)
            #expect(running.allSatisfy { $0.lease?.isRemote == true })
            #expect(try await store.sinkCursor("mqtt") == EventCursor("1764000000000-12"))
            #expect(try await store.events(after: .start, limit: 1000, waiting: .zero).events.count > 20)
        }
        #expect(try await server.command("HGET", key("meta", configuration), "layout").text == "2")
        #expect(try await server.command("HEXISTS", key("meta", configuration), "migration").number == 0)
        #expect(try await server.command("EXISTS", key("unique.1", configuration)).number == 0)
        // Every unique key has its type.
        let fields = try await server.command("HKEYS", key("unique", configuration)).list.compactMap(\.text)
        #expect(
            Set(fields) == ["ready\torder-1", "running\truns", "scheduled\tlater", "requeued\tagain"])
        // Opening it again changes nothing.
        let differences = try await with(configuration) { try await LayoutDump(name).differences(in: $0) }
        #expect(differences == [])
    }

    @Test("A migrated queue works: claims, settlements, unique keys, pauses")
    func migratedQueue() async throws {
        try await with(try await dumped()) { store in
            let ids = TaskIDGenerator(clock: SystemQueueClock(), random: SystemRandomSource())
            let again = NewTask(id: ids.next(), type: "ready") { $0.uniqueKey = "order-1" }
            let known = try #require(try await store.insert([again]).first?.record)
            #expect(known.id != again.id)
            let request = ClaimRequest(
                types: ["ready", "held", "keyed"], count: 10,
                grant: ClaimGrant(
                    token: LeaseToken(rawValue: 1), workerID: "w", lease: .seconds(60), grace: .zero))
            let claimed = try await store.claim(request).tasks
            // Tasks of a paused type wait, as do those whose key has no free token.
            #expect(claimed.map(\.type) == ["ready", "ready"])
            #expect(claimed.first?.id == known.id)
            #expect(claimed.first?.trace?.state == "a=1")
            let ends = claimed.enumerated().map { index, task in
                Settlement(
                    attempt: AttemptID(taskID: task.id, token: LeaseToken(rawValue: Int64(index + 1))),
                    outcome: .success(nil))
            }
            #expect(try await store.settle(ends).count == 2)
            #expect(try await store.insert([again]).first?.record.id == again.id)
        }
    }

    @Test("Another node resumes a migration that stops after any step")
    func interrupted() async throws {
        var (steps, isDone) = (0, false)
        while !isDone {
            let configuration = try await dumped()
            let server = try await Self.server.value
            // More unique keys than a step moves. Half of them have no type, and some no task.
            let task = try #require(
                try await server.command("HGET", key("meta", configuration), "birth").text)
            for index in 0..<600 {
                let field = index.isMultiple(of: 2) ? "a\tk\(index)" : "k\(index)"
                try await server.run(["HSET", key("unique", configuration), field, task])
            }
            isDone = try await migrate(configuration, steps: steps)
            // The node is dead, so its lease expires.
            try await server.run(["HDEL", key("held.2", configuration), "maintenance"])
            try await with(configuration) { store in
                let differences = try await LayoutDump("redis-1").differences(in: store)
                #expect(differences == [])
            }
            let fields = try await server.command("HKEYS", key("unique", configuration)).list
            #expect(fields.count == 4 + 300)
            steps += 1
        }
        #expect(steps > 3)
    }

    /// Takes up to `steps` steps; returns whether the migration is done.
    private func migrate(_ configuration: RedisConfiguration, steps: Int) async throws -> Bool {
        let client = RedisClient(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test"))
        try await client.connect()
        let migration = LayoutMigration(
            caller: ScriptCaller(
                runner: try ScriptRunner(client: client), hub: SignalHub(), origin: "x/0", clock: nil),
            logger: Logger(label: "test"), mark: "dead", stepSize: 200)
        var isDone = false
        for _ in 0..<steps where !isDone { isDone = try await migration.step() == .done }
        await client.close()
        return isDone
    }

    @Test("While one node migrates, another waits")
    func waits() async throws {
        let configuration = try await dumped()
        let server = try await Self.server.value
        #expect(try await migrate(configuration, steps: 1) == false)
        let opening = Task { try await RedisStore(configuration: configuration) }
        try await eventually("it asks") {
            try await server.command("CLIENT", "LIST").text?.contains("name=xqueue") == true
        }
        #expect(try await server.command("HGET", key("meta", configuration), "layout") == .none)
        try await server.run(["HDEL", key("held.2", configuration), "maintenance"])
        let store = try await opening.value
        #expect(try await LayoutDump("redis-1").differences(in: store) == [])
        await store.close()
    }

    @Test("Nothing is migrated while a node of the older version is alive")
    func olderNodes() async throws {
        let configuration = try await dumped()
        let server = try await Self.server.value
        // As announced by a node of layout 1: six bytes of time, followed by JSON.
        let announcement =
            #"000000{"id":"old-1","host":"h","pid":1,"version":"0.1.0","started_at":0,"capacity":1,"running":0,"#
            + #""stuck":0,"roles":7,"types":[]}"#
        try await server.run(["ZADD", key("node-times", configuration), "99999999999999", "old-1"])
        try await server.run(["HSET", key("nodes", configuration), "old-1", announcement])
        let error = await #expect(throws: StoreError.self) { try await with(configuration) { _ in } }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("old-1 (0.1.0, on h)") == true)
        let factory = RedisStoreFactory(configuration, logger: Logger(label: "test"))
        #expect(error.map { factory.isTransient($0) } == true)
        #expect(try await server.command("HGET", key("meta", configuration), "layout") == .none)
        #expect(try await server.command("TYPE", key("types", configuration)).text == "hash")
        // It deregisters.
        try await server.run(["ZREM", key("node-times", configuration), "old-1"])
        let differences = try await with(configuration) {
            try await LayoutDump("redis-1").differences(in: $0)
        }
        #expect(differences == [])
    }

    @Test("Keys that scripts of layout 1 use are replaced by strings, which make those scripts fail")
    func fences() async throws {
        for configuration in [try await dumped(), try await empty()] {
            try await with(configuration) { _ in }
            let server = try await Self.server.value
            for name in ["types", "states", "held", "node-times"] {
                let text = try await server.command("GET", key(name, configuration)).text
                #expect(text?.contains("XQueue 0.2") == true)
                await #expect(throws: (any Error).self) {
                    try await server.run(["HGET", key(name, configuration), "x"])
                }
            }
        }
    }

    @Test(
        "A newer layout is rejected with one line, at start and on each connection", arguments: ["3", "x"])
    func newer(_ layout: String) async throws {
        let server = try await RedisServer.start()
        let configuration = try await empty(at: server)
        try await with(configuration) { store in
            try await server.run(["HSET", key("meta", configuration), "layout", layout])
            let error = await #expect(throws: StoreError.self) {
                try await RedisStore(configuration: configuration)
            }
            #expect(error?.code == .newer)
            #expect(error?.message.contains("newer version of XQueue") == true)
            #expect(error?.message.contains("\n") == false)
            // The existing node has to reconnect.
            try await server.run(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
            try await eventually("it is rejected") {
                do throws(StoreError) {
                    _ = try await store.types()
                    return false
                } catch {
                    return error.code == .newer
                }
            }
        }
    }

    @Test("An empty queue, and one that lost its data, gets the layout immediately")
    func fresh() async throws {
        let configuration = try await empty()
        let server = try await Self.server.value
        try await with(configuration) { store in
            #expect(try await server.command("HGET", key("meta", configuration), "layout").text == "2")
            let keys = try await server.command("KEYS", "\(configuration.hashTag)*").list
            for key in keys.compactMap(\.text) { try await server.run(["DEL", key]) }
            _ = try await store.birth()
            #expect(try await server.command("HGET", key("meta", configuration), "layout").text == "2")
            #expect(try await server.command("TYPE", key("types", configuration)).text == "string")
        }
    }
}

#endif
