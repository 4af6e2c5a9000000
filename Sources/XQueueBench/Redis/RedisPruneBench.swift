#if Redis

import XQueue
import XQueueCore
import XQueueRedis

/// Prunes many ended tasks and measures how long single commands block the server.
struct RedisPruneBench {
    /// Threshold in microseconds; longer commands are counted.
    private static let slow = "1000"

    let options: BenchOptions
    let server: BenchServer
    let bar: ProgressBar

    func run() async throws -> BenchResult {
        let store = try await server.makeStore()
        try await fill(store)
        let slower = try await setting("slowlog-log-slower-than")
        let longest = try await setting("slowlog-max-len")
        try await set("slowlog-log-slower-than", Self.slow)
        try await set("slowlog-max-len", "100000")
        _ = try await server.send(RedisCommand("SLOWLOG", "RESET"))
        var result = try await prune(store)
        result.facts = try await slowCommands()
        await store.close()
        try await set("slowlog-log-slower-than", slower)
        try await set("slowlog-max-len", longest)
        return result
    }

    private func fill(_ store: any Store) async throws {
        let load = try StoreLoad(store, batch: 1000, payloadBytes: options.payload)
        var done = 0
        while done < options.backlog {
            let part = min(50_000, options.backlog - done)
            try await load.insert(part) { _ in }
            try await load.settle(try await load.claim(part) { _ in }) { _ in }
            done += part
            bar.show("ending", done, of: options.backlog)
        }
    }

    private func prune(_ store: any Store) async throws -> BenchResult {
        let limit = QueueConfiguration().maintenanceBatch
        let meter = try await Meter(server)
        var latencies: [Int64] = []
        var removed = 0
        while true {
            let start = ContinuousClock.now
            let number = try await store.prune(Retention(age: .seconds(86_400), count: 0), limit: limit)
            guard number > 0 else { break }
            latencies.append(start.nanosecondsSince)
            removed += number
            bar.show("prune", removed, of: options.backlog)
        }
        return try await meter.fullResult("prune", removed, latencies)
    }

    private func slowCommands() async throws -> [BenchResult.Fact] {
        guard case .array(let entries) = try await server.send(RedisCommand("SLOWLOG", "GET", "-1")) else {
            return []
        }
        // Commands that a script calls are listed next to the script itself.
        var times: [String: [Int64]] = [:]
        for entry in entries {
            guard case .array(let fields) = entry, fields.count > 3, case .integer(let time) = fields[2],
                case .array(let command) = fields[3], let name = command.first?.text
            else { continue }
            times[name.uppercased(), default: []].append(time)
        }
        return times.sorted { $0.key < $1.key }.flatMap { name, times in
            [
                BenchResult.Fact(name: "\(name) over 1 ms", value: Double(times.count), unit: "times"),
                .init(name: "longest \(name)", value: Double(times.max() ?? 0) / 1000, unit: "ms"),
            ]
        }
    }

    private func setting(_ name: String) async throws -> String {
        let reply = try await server.send(RedisCommand("CONFIG", "GET", name))
        guard case .array(let parts) = reply, parts.count == 2, let value = parts[1].text else {
            throw BenchFailure(description: "unexpected reply to CONFIG GET \(name)")
        }
        return value
    }

    private func set(_ name: String, _ value: String) async throws {
        _ = try await server.send(RedisCommand("CONFIG", "SET", name, value))
    }
}

#endif
