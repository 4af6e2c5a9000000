#if Redis

import XQueueCore

/// Submits and drains the same number of tasks, with no others waiting and with very many.
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

#endif
