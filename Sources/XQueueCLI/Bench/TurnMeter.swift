/// Takes the time and the processor time of a phase that takes turns with another one.
struct TurnMeter {
    private var seconds = 0.0
    private var cpuSeconds = 0.0
    private var tasks = 0
    private var latencies: [Int64] = []

    /// Adds a turn of so many tasks; `body` answers how long each operation took, in nanoseconds.
    mutating func turn(tasks: Int, _ body: () async throws -> [Int64]) async rethrows {
        let meter = Meter()
        latencies += try await body()
        let turn = meter.result("", tasks)
        seconds += turn.seconds
        cpuSeconds += turn.cpuSeconds
        self.tasks += turn.tasks
    }

    func result(_ name: String) -> BenchResult {
        BenchResult(
            name: name, tasks: tasks, seconds: seconds, latencies: LatencySummary(latencies),
            cpuSeconds: cpuSeconds, residentBytes: ProcessUsage.residentBytes)
    }
}
