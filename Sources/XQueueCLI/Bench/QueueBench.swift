import Synchronization
import XQueue
import XQueueCore

/// Measures the queue itself, in this process, without HTTP.
struct QueueBench {
    /// How many tasks the pick-up phase waits for, one by one.
    private static let pickUps = 1000

    let options: BenchOptions
    let folder: BenchFolder
    let bar: ProgressBar

    /// Accepts tasks from many callers at once; nobody runs them.
    func submit() async throws -> BenchResult {
        let queue = try BenchQueue(options, folder)
        let meter = Meter()
        let latencies = try await fill(queue, options.tasks, title: "submit", batch: options.batch)
        let result = meter.result("submit", options.tasks, latencies)
        await queue.close()
        return result
    }

    /// Runs tasks that were all there before the first worker came.
    func drain(_ tasks: Int, name: String) async throws -> BenchResult {
        let queue = try BenchQueue(options, folder)
        let before = ProcessUsage.residentBytes
        _ = try await fill(queue, tasks, title: "filling", batch: 1000)
        let memory = Double(max(ProcessUsage.residentBytes - before, 0)) / Double(tasks)
        let meter = Meter()
        try await queue.work(until: tasks) { bar.show(name, $0, of: tasks) }
        var result = meter.result(name, tasks)
        result.bytesPerTask = memory
        return result
    }

    /// Accepts tasks and runs them at the same time, until the last one's success is stored.
    func endToEnd() async throws -> BenchResult {
        let queue = try BenchQueue(options, folder)
        let meter = Meter()
        try await queue.work(until: options.tasks) {
            bar.show("end-to-end", $0, of: options.tasks)
        } during: {
            _ = try await fill(queue, options.tasks, title: "end-to-end", batch: options.batch)
        }
        return meter.result("end-to-end", options.tasks)
    }

    /// The time from calling `submit` on an idle queue to the handler's first instruction.
    func pickUp() async throws -> BenchResult {
        let started = AsyncStream<ContinuousClock.Instant>.makeStream()
        let queue = try BenchQueue(options, folder) { _ in
            started.continuation.yield(.now)
            return nil
        }
        let meter = Meter()
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
        return meter.result("pick-up", Self.pickUps, latencies)
    }

    private func fill(
        _ queue: BenchQueue, _ tasks: Int, title: String, batch: Int
    ) async throws -> [Int64] {
        try await queue.submit(tasks, submitters: options.submitters, batch: batch) { [bar] done in
            bar.show(title, done, of: tasks)
        }
    }
}
