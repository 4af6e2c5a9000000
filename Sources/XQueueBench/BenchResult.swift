/// The result of a phase.
struct BenchResult {
    let name: String
    let tasks: Int
    let seconds: Double
    /// Latencies of single operations, if the phase measures them.
    var latencies: LatencySummary?
    /// CPU time of the whole program, in seconds.
    var cpuSeconds: Double = 0
    /// CPU time of the store's server, in seconds, if there is one.
    var serverCPUSeconds: Double?
    /// Resident memory at the end, in bytes.
    var residentBytes: Int = 0
    /// Memory per waiting task in bytes, if the phase measures it.
    var bytesPerTask: Double?
    /// The comparison with another rate.
    var comparison: Comparison?

    /// Further measurements, with their targets if any.
    var facts: [Fact] = []
    /// The commands sent to the server, if the phase counts them.
    var commands: [CommandCost] = []

    struct Fact {
        let name: String
        let value: Double
        let unit: String
        var aim: Double?
    }

    struct CommandCost {
        let name: String
        let callsPerTask: Double
        let microsecondsPerTask: Double
    }

    struct Comparison {
        let with: String
        let ratio: Double
        let aim: Double
    }

    var rate: Double { seconds > 0 ? Double(tasks) / seconds : 0 }
    var cpuMicrosecondsPerTask: Double { tasks > 0 ? cpuSeconds * 1_000_000 / Double(tasks) : 0 }

    var serverMicrosecondsPerTask: Double? {
        serverCPUSeconds.map { tasks > 0 ? $0 * 1_000_000 / Double(tasks) : 0 }
    }

    func compared(with other: BenchResult, aim: Double) -> BenchResult {
        var copy = self
        copy.comparison = Comparison(with: other.name, ratio: rate / max(other.rate, 1e-9), aim: aim)
        return copy
    }
}

/// Percentiles of durations.
struct LatencySummary {
    let p50: Duration
    let p95: Duration
    let p99: Duration
    let max: Duration

    init?(_ nanoseconds: [Int64]) {
        guard !nanoseconds.isEmpty else { return nil }
        let sorted = nanoseconds.sorted()
        func at(_ share: Double) -> Duration {
            .nanoseconds(sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)])
        }
        p50 = at(0.50)
        p95 = at(0.95)
        p99 = at(0.99)
        max = .nanoseconds(sorted[sorted.count - 1])
    }
}
