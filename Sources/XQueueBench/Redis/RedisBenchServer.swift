#if Redis

import Foundation
import Logging
import NIOPosix
import Synchronization
import XQueueCore
import XQueueRedis
import XQueueTestServers

/// The Redis server of a benchmark: creates queues under new prefixes, and reads the server's statistics.
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

    /// Runs `body` with the server given in the options, or with a temporary one.
    static func use(
        _ options: BenchOptions, _ folder: BenchFolder, _ body: (BenchServer) async throws -> Void
    ) async throws {
        if let address = options.redisAddr {
            try await connected(to: address, body)
        } else {
            var redis = RedisOptions()
            redis.appendOnly = options.redisAppendonly.flatMap {
                RedisOptions.AppendOnly(rawValue: $0.rawValue)
            }
            redis.lines = ["loglevel warning"]
            let server: RedisServer
            do {
                server = try await RedisServer.start(redis, in: folder.path)
            } catch is ProgramFile.Missing {
                throw BenchFailure.notInstalled("redis-server", package: "redis-server")
            }
            try await connected(to: server.address, body)
            try await server.kill()
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
            // Leftovers are not worth a second error.
            try? await server.clear()
            await server.client.close()
            throw error
        }
        await server.client.close()
    }

    // MARK: - Queues

    /// Returns an unused prefix.
    func newPrefix() -> String { "\(prefix)-\(number.next())" }

    func makeStore(_ events: EventRetention) async throws -> any Store {
        try await clear()
        return try await store(newPrefix(), events)
    }

    func store(_ prefix: String, _ events: EventRetention = EventRetention()) async throws -> RedisStore {
        var configuration = configuration
        configuration.keyPrefix = prefix
        return try await RedisStore(
            configuration: configuration, limits: StoreLimits(events: events), logger: .silent)
    }

    /// Removes every key of this benchmark.
    func clear() async throws {
        var cursor = "0"
        repeat {
            let reply = try await client.send(
                RedisCommand("SCAN", cursor, "MATCH", "{\(prefix)*", "COUNT", "1000"))
            guard case .array(let parts) = reply, parts.count == 2, let next = parts[0].text,
                case .array(let keys) = parts[1]
            else { throw BenchFailure(description: "unexpected reply to SCAN") }
            // Not UNLINK, which would continue in the background during the next measurement.
            for key in keys {
                if let key = key.text { _ = try await client.send(RedisCommand("DEL", key)) }
            }
            cursor = next
        } while cursor != "0"
    }

    // MARK: - Statistics

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

/// The reply to `INFO`.
struct RedisInfo {
    private let fields: [Substring: Substring]

    init(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        self.fields = fields
    }

    /// The number in a field; nil if the field is missing or not a number.
    subscript(name: Substring) -> Double? { fields[name].flatMap { Double($0) } }

    /// Calls and total microseconds of each command, from the section `commandstats`.
    var commands: [String: (calls: Double, microseconds: Double)] {
        var commands: [String: (calls: Double, microseconds: Double)] = [:]
        for (field, text) in fields where field.hasPrefix("cmdstat_") {
            var values: [Substring: Double] = [:]
            for part in text.split(separator: ",") {
                let sides = part.split(separator: "=")
                if sides.count == 2 { values[sides[0]] = Double(sides[1]) }
            }
            commands[String(field.dropFirst(8))] = (values["calls"] ?? 0, values["usec"] ?? 0)
        }
        return commands
    }

    /// Returns the commands since `earlier`, per task, most expensive first.
    func costs(since earlier: RedisInfo, tasks: Int) -> [BenchResult.CommandCost] {
        let before = earlier.commands
        let costs = commands.compactMap { name, now -> BenchResult.CommandCost? in
            let (calls, microseconds) = before[name] ?? (0, 0)
            guard now.calls > calls else { return nil }
            return BenchResult.CommandCost(
                name: name, callsPerTask: (now.calls - calls) / Double(tasks),
                microsecondsPerTask: (now.microseconds - microseconds) / Double(tasks))
        }
        return costs.sorted { ($0.microsecondsPerTask, $1.name) > ($1.microsecondsPerTask, $0.name) }
    }
}

#endif
