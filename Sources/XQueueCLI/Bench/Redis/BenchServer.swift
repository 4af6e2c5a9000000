#if Redis

import Foundation
import Logging
import NIOPosix
import Synchronization
import XQueueCore
import XQueueRedis

/// The Redis server of a benchmark: queues under prefixes of their own, and what the server tells of itself.
final class BenchServer: BenchPlace {
    let configuration: RedisConfiguration
    private let client: RedisClient
    private let prefix = "xqueue-bench-\(UUID().uuidString)"
    private let number = Counter()

    private init(_ configuration: RedisConfiguration) {
        self.configuration = configuration
        client = RedisClient(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
    }

    /// Runs `body` with the server the options name, or with one that lives no longer than that.
    static func use(
        _ options: BenchOptions, _ folder: BenchFolder, _ body: (BenchServer) async throws -> Void
    ) async throws {
        if let address = options.redisAddr {
            try await connected(to: address, body)
        } else {
            try await OwnRedisServer.use(options.redisAppendonly, in: folder.path) { port in
                try await connected(to: "127.0.0.1:\(port)", body)
            }
        }
    }

    private static func connected(
        to address: String, _ body: (BenchServer) async throws -> Void
    ) async throws {
        let server = BenchServer(try RedisConfiguration(address: address))
        do {
            try await server.client.connect()
            try await body(server)
            try await server.clear()
        } catch {
            // What was left is not worth a second error.
            try? await server.clear()
            await server.client.close()
            throw error
        }
        await server.client.close()
    }

    // MARK: - Queues

    /// A prefix that nobody used before.
    func newPrefix() -> String { "\(prefix)-\(number.next())" }

    func makeStore(_ events: EventRetention) async throws -> any TaskStore {
        try await clear()
        return try await store(newPrefix(), events)
    }

    func store(_ prefix: String, _ events: EventRetention = EventRetention()) async throws -> RedisStore {
        var configuration = configuration
        configuration.keyPrefix = prefix
        var options = RedisStoreOptions()
        options.events = events
        return try await RedisStore(configuration: configuration, options: options, logger: .silent)
    }

    /// Removes every key of this benchmark.
    func clear() async throws {
        var cursor = "0"
        repeat {
            let reply = try await client.send(
                RedisCommand("SCAN", cursor, "MATCH", "{\(prefix)*", "COUNT", "1000"))
            guard case .array(let parts) = reply, parts.count == 2, let next = parts[0].text,
                case .array(let keys) = parts[1]
            else { throw BenchFailure(description: "Redis answered SCAN oddly") }
            // Not UNLINK: its work would go on during what is measured next.
            for key in keys {
                if let key = key.text { _ = try await client.send(RedisCommand("DEL", key)) }
            }
            cursor = next
        } while cursor != "0"
    }

    // MARK: - What the server tells

    func send(_ command: RedisCommand) async throws -> RedisReply {
        try await client.send(command)
    }

    func info(_ section: String) async throws -> RedisInfo {
        RedisInfo(try await client.send(RedisCommand("INFO", section)).text ?? "")
    }

    func serverCPUSeconds() async throws -> Double? {
        let info = try await info("cpu")
        return (info["used_cpu_user"] ?? 0) + (info["used_cpu_sys"] ?? 0)
    }

    func serverMemory() async throws -> Int? {
        (try await info("memory")["used_memory"]).map { Int($0) }
    }
}

extension RedisReply {
    /// The text of a string; nil for anything else.
    var text: String? {
        guard case .bytes(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

#endif
