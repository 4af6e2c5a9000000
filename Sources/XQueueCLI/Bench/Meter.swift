import XQueueCore

/// Takes the time, the processor time and the memory of a phase.
struct Meter {
    private let start = ContinuousClock.now
    private let cpu = ProcessUsage.cpuSeconds
    private let server: (place: any BenchPlace, cpuSeconds: Double)?

    init() { server = nil }

    /// Takes the processor time of the place's server, too.
    init(_ place: any BenchPlace) async throws {
        self.init(server: try await place.serverCPUSeconds().map { (place, $0) })
    }

    private init(server: (any BenchPlace, Double)?) {
        self.server = server
    }

    func result(_ name: String, _ tasks: Int, _ latencies: [Int64] = []) -> BenchResult {
        let elapsed = ContinuousClock.now - start
        return BenchResult(
            name: name, tasks: tasks, seconds: elapsed.inSeconds,
            latencies: LatencySummary(latencies), cpuSeconds: ProcessUsage.cpuSeconds - cpu,
            residentBytes: ProcessUsage.residentBytes)
    }

    /// The same with the processor time of the place's server.
    func fullResult(_ name: String, _ tasks: Int, _ latencies: [Int64] = []) async throws -> BenchResult {
        var result = result(name, tasks, latencies)
        if let server, let now = try await server.place.serverCPUSeconds() {
            result.serverCPUSeconds = now - server.cpuSeconds
        }
        return result
    }
}

extension ContinuousClock.Instant {
    /// Nanoseconds since this instant.
    var nanosecondsSince: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - self).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
