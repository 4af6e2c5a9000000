#if Redis

import Synchronization
import Testing
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

@Suite("Lost connections")
struct RedisReconnectTests {
    @Test("An unanswered command times out, and those behind it fail")
    func timeOut() async throws {
        let server = try await RedisServer.start()
        var configuration = try ClientFixture.configuration(server.address)
        configuration.commandTimeout = .milliseconds(500)
        configuration.minIdleConnections = 1
        try await ClientFixture.with(configuration) { client in
            server.pause()
            let start = ContinuousClock.now
            async let first = ClientFixture.failure(client, RedisCommand("INCR", "a"))
            async let second = ClientFixture.failure(client, RedisCommand("INCR", "b"))
            let kinds = await [first?.kind, second?.kind]
            #expect(kinds.contains(.timedOut))
            #expect(kinds.allSatisfy { $0 == .timedOut || $0 == .disconnected })
            #expect(ContinuousClock.now - start >= .milliseconds(500))
            server.resume()
            try await eventually("the client is back") {
                let reply = try? await client.send(RedisCommand("PING"))
                return reply?.text == "PONG"
            }
        }
    }

    @Test("The client reconnects to a restarted server; meanwhile calls time out")
    func restart() async throws {
        let server = try await RedisServer.start()
        var configuration = try ClientFixture.configuration(server.address)
        configuration.connectTimeout = .milliseconds(400)
        try await ClientFixture.with(configuration) { client in
            try await server.kill()
            try await eventually("the loss is noticed") {
                client.pool.withLock { $0.connections.isEmpty }
            }
            let start = ContinuousClock.now
            let error = await ClientFixture.failure(client, RedisCommand("PING"))
            #expect(error?.kind == .disconnected && error?.isUnsent == true)
            #expect(ContinuousClock.now - start >= .milliseconds(350))
            try await server.start()
            try await eventually("the client is back") {
                await ClientFixture.failure(client, RedisCommand("PING")) == nil
            }
        }
    }

    @Test("Callers over the limit are rejected immediately")
    func waitingCallers() async throws {
        let server = try await RedisServer.start()
        var configuration = try ClientFixture.configuration(server.address)
        configuration.connectTimeout = .seconds(2)
        configuration.maximumWaitingCallers = 1
        try await ClientFixture.with(configuration) { client in
            try await server.kill()
            try await eventually("the loss is noticed") {
                client.pool.withLock { $0.connections.isEmpty }
            }
            async let first = ClientFixture.failure(client, RedisCommand("PING"))
            async let second = ClientFixture.failure(client, RedisCommand("PING"))
            let messages = await [first, second].compactMap { $0?.message }
            #expect(messages.count == 2)
            #expect(messages.filter { $0.contains("already waiting for one") }.count == 1)
        }
    }

    @Test("CLIENT KILL of all connections fails only commands in flight")
    func clientKill() async throws {
        let server = try await RedisServer.start()
        try await ClientFixture.with(try ClientFixture.configuration(server.address)) { client in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        var failures = 0
                        for _ in 0..<200 {
                            let error = await ClientFixture.failure(client, RedisCommand("INCR", "n"))
                            if let error {
                                #expect(error.kind == .disconnected && !error.isUnsent)
                                failures += 1
                            }
                        }
                        return failures
                    }
                }
                for _ in 0..<3 {
                    _ = try await server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                }
                let failures = try await group.reduce(0, +)
                let count = try #require(try await server.command("GET", "n").number)
                #expect((4_000 - failures...4_000).contains(count))
            }
        }
    }

    @Test("A subscription survives a lost connection and reports it")
    func subscription() async throws {
        let server = try await RedisServer.start()
        try await ClientFixture.with(try ClientFixture.configuration(server.address)) { client in
            let subscribed = Mutex(0)
            let seen = Seen<String>()
            client.subscribe(to: ["a", "b"]) {
                subscribed.withLock { $0 += 1 }
            } onMessage: { channel, message in
                seen.add(channel + ":" + String(decoding: message, as: UTF8.self))
            }
            try await eventually("subscribed") { subscribed.withLock { $0 } == 1 }
            _ = try await client.send(RedisCommand("PUBLISH", "a", "1"))
            _ = try await client.send(RedisCommand("PUBLISH", "b", "2"))
            try await eventually("both arrived") { seen.all == ["a:1", "b:2"] }
            _ = try await server.command("CLIENT", "KILL", "TYPE", "pubsub")
            try await eventually("subscribed again") { subscribed.withLock { $0 } == 2 }
            _ = try await client.send(RedisCommand("PUBLISH", "a", "3"))
            try await eventually("the third arrived") { seen.all == ["a:1", "b:2", "a:3"] }
        }
    }

    @Test("An idle subscription detects a server that hangs")
    func hangingSubscription() async throws {
        let server = try await RedisServer.start()
        var configuration = try ClientFixture.configuration(server.address)
        configuration.commandTimeout = .milliseconds(500)
        try await ClientFixture.with(configuration) { client in
            let subscribed = Mutex(0)
            client.subscribe(to: ["a"]) {
                subscribed.withLock { $0 += 1 }
            } onMessage: { _, _ in
            }
            try await eventually("subscribed") { subscribed.withLock { $0 } == 1 }
            server.pause()
            let subscription = try #require(client.subscriptions.withLock { $0.first })
            try await eventually("the connection is closed") { !subscription.isConnected }
            server.resume()
            try await eventually("subscribed again") { subscribed.withLock { $0 } >= 2 }
        }
    }

    @Test("A server that becomes a replica is abandoned, and used again once it is the primary")
    func demotion() async throws {
        let server = try await RedisServer.start()
        let other = try await RedisServer.start()
        var configuration = try ClientFixture.configuration(server.address)
        configuration.connectTimeout = .milliseconds(500)
        try await ClientFixture.with(configuration) { client in
            _ = try await server.command("REPLICAOF", "127.0.0.1", "\(other.port)")
            let first = await ClientFixture.failure(client, RedisCommand("SET", "k", "v"))
            #expect(first?.kind == .errorReply("READONLY"))
            try await eventually("the reason is reported") {
                let error = await ClientFixture.failure(client, RedisCommand("SET", "k", "v"))
                return error?.kind == .unsuitable && error?.message.contains("replica") == true
            }
            _ = try await server.command("REPLICAOF", "NO", "ONE")
            try await eventually("it works again") {
                await ClientFixture.failure(client, RedisCommand("SET", "k", "v")) == nil
            }
        }
    }
}

#endif
