import CoreMetrics
import Foundation
import Synchronization
import XQueue

/// Metrics of this process from the operating system; memory and open files only on Linux.
final class ProcessMetrics: Sendable {
    private let cpu: FloatingPointCounter
    private let counted = Mutex<Double>(0)
    private let factory: any MetricsFactory

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        cpu = FloatingPointCounter(label: MetricName.processCPU.rawValue, factory: factory)
    }

    /// Reads and records the current values.
    func record() {
        let used = Self.cpuSeconds
        let more = counted.withLock { counted in
            defer { counted = max(counted, used) }
            return max(used - counted, 0)
        }
        cpu.increment(by: more)
        set(.processMaxFiles, OpenFiles.limit.map(Double.init))
        set(.processOpenFiles, Self.openFiles)
        let memory = Self.memory
        set(.processVirtual, memory?.virtual)
        set(.processResident, memory?.resident)
        set(.processStart, Self.startTime)
    }

    private func set(_ name: MetricName, _ value: Double?) {
        if let value { Gauge(label: name.rawValue, factory: factory).record(value) }
    }

    /// Time spent in user and system mode.
    private static var cpuSeconds: Double {
        var usage = rusage()
        #if canImport(Darwin)
        getrusage(RUSAGE_SELF, &usage)
        #else
        getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
        #endif
        return [usage.ru_utime, usage.ru_stime].reduce(0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000
        }
    }

    private static var openFiles: Double? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) }
    }

    private static var memory: (virtual: Double, resident: Double)? {
        let pages = words(of: "/proc/self/statm").prefix(2).compactMap(Double.init)
        guard pages.count == 2 else { return nil }
        let size = Double(sysconf(Int32(_SC_PAGESIZE)))
        return (pages[0] * size, pages[1] * size)
    }

    /// When this process started, in seconds since 1970: the system's boot time plus the process's start in clock
    /// ticks.
    private static let startTime: Double? = {
        // The program's name is in parentheses and may contain anything.
        let fields = words(of: "/proc/self/stat", after: ")")
        let boot = words(of: "/proc/stat", after: "\nbtime ").first.flatMap { Double($0) }
        guard fields.count > 19, let ticks = Double(fields[19]), let boot else { return nil }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()

    private static func words(of path: String, after mark: String? = nil) -> [Substring] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        guard let mark else { return text.split { $0.isWhitespace } }
        guard let end = text.range(of: mark, options: .backwards)?.upperBound else { return [] }
        return text[end...].split { $0.isWhitespace }
    }
}
