/// What one phase of the benchmark measured.
struct BenchResult {
    let name: String
    let tasks: Int
    let seconds: Double
    /// Nanoseconds of each operation, if the phase times them one by one.
    var latencies: LatencySummary?
    /// Processor time of the whole program, in seconds.
    var cpuSeconds: Double = 0
    /// Processor time of the store's server, in seconds, if it has one.
    var serverCPUSeconds: Double?
    /// Resident memory at the end, in bytes.
    var residentBytes: Int = 0
    /// Bytes of memory for each waiting task, where the phase measured that.
    var bytesPerTask: Double?
    /// What the rate is compared to, and the ratio of the two.
    var comparison: Comparison?

    /// Further facts, each with its aim if there is one.
    var facts: [Fact] = []
    /// What the server was asked to do, if the phase counted that.
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

/// The median and the tail of many durations.
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
