#if Redis

import Synchronization
import Testing
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

@Suite("Commands to a real server")
struct RedisClientTests {
    @Test("200 concurrent callers get their own replies")
    func concurrentCallers() async throws {
        let server = try await RedisServer.shared
        try await ClientFixture.with(try ClientFixture.configuration(server.address)) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<200 {
                    group.addTask {
                        for round in 0..<100 {
                            let text = "caller \(caller), round \(round)"
                            let reply = try await client.send(RedisCommand("ECHO", text))
                            #expect(reply.text == text)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("Nested arrays, nulls, empty and large strings")
    func oddReplies() async throws {
        let server = try await RedisServer.shared
        try await ClientFixture.with(try ClientFixture.configuration(server.address)) { client in
            let script = "return {1, {2, {'', false}}, {}, redis.status_reply('fine')}"
            let reply = try await client.send(RedisCommand("EVAL", script, "0"))
            let inner = RedisReply.array([.integer(2), .array([.bytes([]), .null])])
            #expect(reply == .array([.integer(1), inner, .array([]), .bytes(Array("fine".utf8))]))
            let large = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var command = RedisCommand("ECHO")
            command.append(large)
            #expect(try await client.send(command) == .bytes(large))
        }
    }

    @Test("An error reply is thrown with its first word")
    func errorReply() async throws {
        let server = try await RedisServer.shared
        try await ClientFixture.with(try ClientFixture.configuration(server.address)) { client in
            let error = await ClientFixture.failure(client, RedisCommand("EVALSHA", "0", "0"))
            #expect(error?.kind == .errorReply("NOSCRIPT"))
            #expect(error?.message.hasPrefix("NOSCRIPT ") == true)
        }
    }

    @Test("More connections are opened while all are busy, up to the maximum")
    func growth() async throws {
        let server = try await RedisServer.start()
        var configuration = try ClientFixture.configuration(server.address)
        configuration.minIdleConnections = 1
        configuration.poolSize = 3
        configuration.commandsPerConnection = 4
        // However long it takes until the connections are open.
        configuration.commandTimeout = .seconds(600)
        try await ClientFixture.with(configuration) { client in
            #expect(client.pool.withLock { $0.connections.count } == 1)
            // While the server is paused, all commands are in flight simultaneously.
            _ = try await server.command("CLIENT", "PAUSE", "600000", "WRITE")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask { _ = try await client.send(RedisCommand("INCR", "n")) }
                }
                try await eventually("further connections are open") {
                    (2...3).contains(client.pool.withLock { $0.connections.count })
                }
                _ = try await server.command("CLIENT", "UNPAUSE")
                try await group.waitForAll()
            }
            #expect(try await server.command("GET", "n").text == "100")
        }
    }

    @Test("Commands over the byte limit are rejected immediately")
    func queuedBytes() async throws {
        let server = try await RedisServer.start()
        var configuration = try ClientFixture.configuration(server.address)
        configuration.maximumQueuedBytes = 1_000
        try await ClientFixture.with(configuration) { client in
            server.pause()
            let command = RedisCommand("PING", String(repeating: "x", count: 900))
            try await withThrowingTaskGroup(of: (error: RedisError?, text: String?).self) { group in
                for _ in 1...2 {
                    group.addTask {
                        do throws(RedisError) {
                            return (nil, try await client.send(command).text)
                        } catch {
                            return (error, nil)
                        }
                    }
                }
                let rejected = try await group.next()?.error
                #expect(rejected?.kind == .disconnected && rejected?.isUnsent == true)
                server.resume()
                #expect(try await group.next()?.text?.count == 900)
            }
        }
    }

    @Test("A closed client rejects commands and fails waiting callers")
    func close() async throws {
        let server = try await RedisServer.start()
        try await ClientFixture.with(try ClientFixture.configuration(server.address)) { client in
            server.pause()
            async let waiting = ClientFixture.failure(client, RedisCommand("PING"))
            try await eventually("the command is in flight") {
                client.pool.withLock { $0.connections.contains { $0.load > 0 } }
            }
            await client.close()
            #expect(await waiting?.kind == .closed)
            #expect(await ClientFixture.failure(client, RedisCommand("PING"))?.kind == .closed)
        }
    }
}

#endif
