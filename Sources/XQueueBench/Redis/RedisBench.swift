#if Redis

import XQueueCore

/// The phases for the Redis store.
struct RedisBench {
    let options: BenchOptions
    let server: BenchServer
    let bar: ProgressBar

    func run(_ phase: BenchPhase, floor: BenchResult?) async throws -> [BenchResult] {
        let queue = QueueBench(options: options, place: server, bar: bar)
        switch phase {
        case .floor: return try await RedisFloorBench(options: options, server: server, bar: bar).run()
        case .submit: return [try await queue.submit()]
        case .drain:
            let result = try await queue.drain(options.tasks, name: "drain")
            return [floor.map { result.compared(with: $0, aim: 0.5) } ?? result]
        case .endToEnd: return [try await queue.endToEnd()]
        case .pickUp: return [try await queue.pickUp()]
        case .http: return try await HTTPBench(options: options, place: server, bar: bar).run()
        case .batches: return try await RedisBatchBench(options: options, server: server, bar: bar).run()
        case .memory: return [try await RedisMemoryBench(options: options, server: server, bar: bar).run()]
        case .nodes: return try await RedisNodesBench(options: options, server: server, bar: bar).run()
        case .backlog: return try await RedisBacklogBench(options: options, server: server, bar: bar).run()
        case .leases: return try await LeaseBench(options: options, place: server, bar: bar).run()
        case .mqtt: return try await MQTTBench.run(options, bar)
        case .events: return try await EventLogBench(queue: queue).run()
        case .subscribers: return try await SubscriberBench(options: options, bar: bar).run()
        case .kafka: return try await KafkaBench.run(options, server, bar)
        case .prune: return [try await RedisPruneBench(options: options, server: server, bar: bar).run()]
        }
    }
}

/// Measures the server's cost of each step of a task's lifecycle, in batches of 100 from one caller.
struct RedisBatchBench {
    private static let batch = 100

    let options: BenchOptions
    let server: BenchServer
    let bar: ProgressBar

    func run() async throws -> [BenchResult] {
        let store = try await server.makeStore()
        let load = try StoreLoad(store, batch: Self.batch, payloadBytes: options.payload)
        let tasks = options.tasks
        let insert = try await measure("batch-insert") { name in
            try await load.insert(tasks) { bar.show(name, $0, of: tasks) }
        }
        var attempts: [AttemptID] = []
        let claim = try await measure("batch-claim") { name in
            attempts = try await load.claim(tasks) { bar.show(name, $0, of: tasks) }
        }
        var settle = try await measure("batch-settle") { name in
            try await load.settle(attempts) { bar.show(name, $0, of: tasks) }
        }
        await store.close()
        let last = [claim, settle].compactMap(\.serverMicrosecondsPerTask).reduce(0, +)
        let all = last + (insert.serverMicrosecondsPerTask ?? 0)
        settle.facts = [
            .init(name: "claim and settle", value: last, unit: "µs", aim: 15),
            .init(name: "whole lifecycle", value: all, unit: "µs", aim: 25),
        ]
        return [insert, claim, settle]
    }

    private func measure(_ name: String, _ body: (String) async throws -> Void) async throws -> BenchResult {
        let before = try await server.info("commandstats")
        let meter = try await Meter(server)
        try await body(name)
        var result = try await meter.fullResult(name, options.tasks)
        result.commands = try await server.info("commandstats").costs(since: before, tasks: options.tasks)
        return result
    }
}

#endif
