import XQueueCore

/// Takes the time, the processor time and the memory of a phase.
struct Meter {
    private let start = ContinuousClock.now
    private let cpu = ProcessUsage.cpuSeconds

    func result(_ name: String, _ tasks: Int, _ latencies: [Int64] = []) -> BenchResult {
        let elapsed = ContinuousClock.now - start
        return BenchResult(
            name: name, tasks: tasks, seconds: elapsed.inSeconds,
            latencies: LatencySummary(latencies), cpuSeconds: ProcessUsage.cpuSeconds - cpu,
            residentBytes: ProcessUsage.residentBytes)
    }
}

extension ContinuousClock.Instant {
    /// Nanoseconds since this instant.
    var nanosecondsSince: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - self).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
