#if Redis

import XQueueCore

/// Submits and drains the same number of tasks, with an empty and with a large backlog.
struct RedisBacklogBench {
    let options: BenchOptions
    let server: BenchServer
    let bar: ProgressBar

    func run() async throws -> [BenchResult] {
        let few = try await measure(waiting: 0)
        let many = try await measure(waiting: options.backlog)
        return few + zip(many, few).map { $0.compared(with: $1, aim: 0.8) }
    }

    private func measure(waiting: Int) async throws -> [BenchResult] {
        let bench = QueueBench(options: options, place: server, bar: bar)
        let queue = try await BenchQueue(options, server)
        let memory = try await server.serverMemory() ?? 0
        if waiting > 0 { _ = try await bench.fill(queue, waiting, title: "filling", batch: 1000) }
        let used = (try await server.serverMemory() ?? 0) - memory
        var meter = try await Meter(server)
        let latencies = try await bench.fill(queue, options.tasks, title: "submit", batch: options.batch)
        var submit = try await meter.fullResult("submit-at-\(waiting)", options.tasks, latencies)
        if waiting > 0 {
            submit.bytesPerTask = Double(used) / Double(waiting) - Double(options.payload)
        }
        meter = try await Meter(server)
        try await queue.work(until: options.tasks) { bar.show("drain", $0, of: options.tasks) }
        return [submit, try await meter.fullResult("drain-at-\(waiting)", options.tasks)]
    }
}

/// Measures the server's memory per waiting task, excluding its payload.
struct RedisMemoryBench {
    private static let tasks = 100_000

    let options: BenchOptions
    let server: BenchServer
    let bar: ProgressBar

    func run() async throws -> BenchResult {
        let store = try await server.makeStore()
        let load = try StoreLoad(store, batch: 1000, payloadBytes: options.payload)
        let before = try await server.serverMemory() ?? 0
        let meter = try await Meter(server)
        try await load.insert(Self.tasks) { bar.show("memory", $0, of: Self.tasks) }
        var result = try await meter.fullResult("memory", Self.tasks)
        let used = Double((try await server.serverMemory() ?? 0) - before) / Double(Self.tasks)
        await store.close()
        result.bytesPerTask = used - Double(options.payload)
        result.facts = [
            .init(name: "per waiting task", value: used - Double(options.payload), unit: "bytes", aim: 600)
        ]
        return result
    }
}

#endif
