import Synchronization
import XQueue
import XQueueCore

/// Measures the queue itself, in this process, without HTTP.
struct QueueBench {
    /// Number of tasks of the pick-up phase, one at a time.
    private static let pickUps = 1000

    let options: BenchOptions
    let place: any BenchPlace
    let bar: ProgressBar

    /// Accepts tasks from many concurrent callers; no worker runs them.
    func submit() async throws -> BenchResult {
        let queue = try await BenchQueue(options, place)
        let meter = try await Meter(place)
        let latencies = try await fill(queue, options.tasks, title: "submit", batch: options.batch)
        let result = try await meter.fullResult("submit", options.tasks, latencies)
        await queue.close()
        return result
    }

    /// Runs a backlog submitted before the first worker starts.
    func drain(
        _ tasks: Int, name: String, events: EventRetention = EventRetention()
    ) async throws -> BenchResult {
        let queue = try await BenchQueue(options, place, events: events)
        let before = ProcessUsage.residentBytes
        _ = try await fill(queue, tasks, title: "filling", batch: 1000)
        let memory = Double(max(ProcessUsage.residentBytes - before, 0)) / Double(tasks)
        let meter = try await Meter(place)
        try await queue.work(until: tasks) { bar.show(name, $0, of: tasks) }
        var result = try await meter.fullResult(name, tasks)
        // With a server, waiting tasks are not in this process.
        if result.serverCPUSeconds == nil { result.bytesPerTask = memory }
        return result
    }

    /// Accepts and runs tasks simultaneously, until the last success is stored.
    func endToEnd() async throws -> BenchResult {
        let queue = try await BenchQueue(options, place)
        let meter = try await Meter(place)
        try await queue.work(until: options.tasks) {
            bar.show("end-to-end", $0, of: options.tasks)
        } during: {
            _ = try await fill(queue, options.tasks, title: "end-to-end", batch: options.batch)
        }
        return try await meter.fullResult("end-to-end", options.tasks)
    }

    /// Measures the time from calling `submit` on an idle queue to the start of the handler.
    func pickUp() async throws -> BenchResult {
        let started = AsyncStream<ContinuousClock.Instant>.makeStream()
        let queue = try await BenchQueue(options, place) { started.continuation.yield(.now) }
        let meter = try await Meter(place)
        var latencies: [Int64] = []
        var iterator = started.stream.makeAsyncIterator()
        try await queue.work(until: Self.pickUps) { _ in
        } during: {
            for number in 1...Self.pickUps {
                let start = ContinuousClock.now
                _ = try await queue.submit(1, submitters: 1, batch: 1) { _ in }
                guard let reached = await iterator.next() else { return }
                let (seconds, attoseconds) = (reached - start).components
                latencies.append(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
                bar.show("pick-up", number, of: Self.pickUps)
            }
        }
        return try await meter.fullResult("pick-up", Self.pickUps, latencies)
    }

    func fill(
        _ queue: BenchQueue, _ tasks: Int, title: String, batch: Int
    ) async throws -> [Int64] {
        try await queue.submit(tasks, submitters: options.submitters, batch: batch) { [bar] done in
            bar.show(title, done, of: tasks)
        }
    }
}
