#if Redis

import Synchronization
import Testing
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

@Suite("Sentinels")
struct RedisSentinelTests {
    @Test("The client looks up the primary, and follows a failover")
    func failover() async throws {
        let trio = try await RedisSentinelTrio.start()
        let first = try await trio.primaryPort()
        let dead = try RedisAddress("127.0.0.1:\(try FreePort.next())")
        var configuration = try RedisConfiguration()
        configuration.connectTimeout = .seconds(2)
        configuration.sentinel = .init(
            addresses: [dead] + (try trio.sentinelPorts.map { try RedisAddress("127.0.0.1:\($0)") }),
            primaryName: trio.name)
        try await ClientFixture.with(configuration) { client in
            let subscribed = Mutex(0)
            client.subscribe(to: ["a"]) {
                subscribed.withLock { $0 += 1 }
            } onMessage: { _, _ in
            }
            _ = try await client.send(RedisCommand("SET", "before", "1"))
            try await eventually("subscribed") { subscribed.withLock { $0 } == 1 }
            // It hangs but stays reachable: only the Sentinels know that it is no longer the primary.
            let old = try #require(trio.servers.first { $0.port == first })
            old.pause()
            let second = try await trio.waitForFailover(from: first)
            #expect(second != first)
            try await eventually("the new primary takes writes") {
                await ClientFixture.failure(client, RedisCommand("SET", "after", "1")) == nil
            }
            let promoted = try #require(trio.servers.first { $0.port == second })
            #expect(try await promoted.command("GET", "after").text == "1")
            try await eventually("subscribed there") { subscribed.withLock { $0 } >= 2 }
            old.resume()
        }
    }

    @Test("The error for an unknown primary includes the Sentinels' replies")
    func unknownName() async throws {
        let server = try await RedisServer.shared
        var configuration = try RedisConfiguration()
        // The server is not even a Sentinel; its reply is part of the message.
        configuration.sentinel = .init(addresses: [try RedisAddress(server.address)], primaryName: "nobody")
        let error = await ClientFixture.connectError(configuration)
        #expect(error?.kind == .disconnected)
        #expect(error?.message.contains("nobody") == true && error?.message.contains(server.address) == true)
    }
}

#endif
