#if Redis

import XQueueCore

/// How much of the server's memory a waiting task takes, besides its payload.
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
