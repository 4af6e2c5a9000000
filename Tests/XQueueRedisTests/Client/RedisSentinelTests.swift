#if Redis

import Synchronization
import Testing
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

@Suite("Sentinels")
struct RedisSentinelTests {
    @Test("The primary is asked for, and followed when another one takes over")
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
            // It hangs and stays reachable: only the Sentinels can tell that it is not the primary.
            let old = try #require(trio.servers.first { $0.port == first })
            old.pause()
            let second = try await trio.waitForFailover(from: first)
            #expect(second != first)
            try await eventually("the new primary takes writes") {
                await ClientFixture.failure(client, RedisCommand("SET", "after", "1")) == nil
            }
            let taker = try #require(trio.servers.first { $0.port == second })
            #expect(try await taker.command("GET", "after").text == "1")
            try await eventually("subscribed there") { subscribed.withLock { $0 } >= 2 }
            old.resume()
        }
    }

    @Test("A name that no Sentinel knows is said to be unknown")
    func unknownName() async throws {
        let server = try await RedisServer.shared
        var configuration = try RedisConfiguration()
        // Not even a Sentinel: what it answers is part of the message.
        configuration.sentinel = .init(addresses: [try RedisAddress(server.address)], primaryName: "nobody")
        let error = await ClientFixture.refusal(of: configuration)
        #expect(error?.kind == .disconnected)
        #expect(error?.message.contains("nobody") == true && error?.message.contains(server.address) == true)
    }
}

#endif
