import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Measures the time, CPU time and memory of a phase.
struct Meter {
    private let start = ContinuousClock.now
    private let cpu = ProcessUsage.cpuSeconds
    private let server: (place: any BenchPlace, cpuSeconds: Double)?

    init() { server = nil }

    /// Also measures the CPU time of the place's server.
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

    /// Returns the result including the CPU time of the place's server.
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

/// Measures the time and CPU time of a phase that alternates with another one.
struct TurnMeter {
    private var seconds = 0.0
    private var cpuSeconds = 0.0
    private var tasks = 0
    private var latencies: [Int64] = []

    /// Adds a turn of `tasks` tasks; `body` returns the duration of each operation in nanoseconds.
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

/// Resource usage of processes, as counted by the operating system.
enum ProcessUsage {
    /// User and system CPU time, in seconds.
    static var cpuSeconds: Double {
        var usage = rusage()
        #if canImport(Darwin)
        getrusage(RUSAGE_SELF, &usage)
        #else
        getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
        #endif
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }

    /// Resident memory in bytes, including mapped files; 0 if unknown.
    static var residentBytes: Int { residentBytes(of: "self") }

    /// Returns the resident memory of another process.
    static func residentBytes(of process: Int) -> Int { residentBytes(of: String(process)) }

    private static func residentBytes(of process: String) -> Int {
        guard let file = fopen("/proc/\(process)/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
