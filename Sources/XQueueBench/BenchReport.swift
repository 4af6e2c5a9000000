import Foundation
import XQueue
import XQueueCore

/// The results of a run, as a table or JSON.
struct BenchReport {
    let options: BenchOptions
    var results: [BenchResult] = []

    var floor: BenchResult? { results.first { $0.name == "floor" } }

    func print() throws {
        try FileHandle.standardOutput.write(contentsOf: Data(((options.json ? json : table) + "\n").utf8))
    }

    private var table: String {
        let head = [
            "phase", "tasks", "tasks/s", "p50", "p95", "p99", "CPU/task", "server/task", "memory", "ratio",
        ]
        let rows = results.map { result in
            [
                result.name, String(result.tasks), String(Int(result.rate)),
                text(result.latencies?.p50), text(result.latencies?.p95), text(result.latencies?.p99),
                microseconds(result.cpuSeconds > 0 ? result.cpuMicrosecondsPerTask : nil),
                microseconds(result.serverMicrosecondsPerTask), memory(result), ratio(result),
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        let lines = ([head] + rows).map { row in
            row.indices.map { column in
                row[column].padded(to: widths[column], onLeft: column > 0 && column < head.count - 1)
            }.joined(separator: "  ")
        }
        return (lines + results.flatMap(facts) + results.flatMap(commands)).joined(separator: "\n")
    }

    private func facts(_ result: BenchResult) -> [String] {
        result.facts.map { fact in
            let aim = fact.aim.map { " (aim: at most \(rounded($0)))" } ?? ""
            return "\(result.name): \(fact.name) \(rounded(fact.value)) \(fact.unit)\(aim)"
        }
    }

    private func commands(_ result: BenchResult) -> [String] {
        result.commands.filter { $0.callsPerTask >= 0.005 }.map { command in
            "\(result.name): \(command.name.padded(to: 18)) \(rounded(command.callsPerTask)) calls/task, "
                + "\(rounded(command.microsecondsPerTask)) µs/task"
        }
    }

    private func text(_ duration: Duration?) -> String {
        guard let duration else { return "–" }
        return "\(rounded(duration.inSeconds * 1000)) ms"
    }

    private func microseconds(_ value: Double?) -> String {
        value.map { "\(rounded($0)) µs" } ?? "–"
    }

    private func memory(_ result: BenchResult) -> String {
        guard result.residentBytes > 0 else { return "–" }
        let resident = "\(result.residentBytes / 1_048_576) MiB"
        return result.bytesPerTask.map { "\(resident), \(Int($0)) B/task" } ?? resident
    }

    private func ratio(_ result: BenchResult) -> String {
        guard let comparison = result.comparison else { return "" }
        return "\(rounded(comparison.ratio)) of \(comparison.with) (aim \(comparison.aim))"
    }

    private func rounded(_ value: Double) -> String {
        String((value * 100).rounded() / 100)
    }

    private var json: String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("version", Version.current)
            writer.member("store", options.store.rawValue)
            writer.member("tasks", options.tasks)
            writer.member("concurrency", options.concurrency)
            writer.member("submitters", options.submitters)
            writer.member("batch", options.batch)
            writer.member("payload_bytes", options.payload)
            writer.name("results")
            writer.array(results) { writer, result in
                writer.object { write(result, &$0) }
            }
        }
        return writer.text
    }

    private func write(_ result: BenchResult, _ writer: inout JSONWriter) {
        writer.member("phase", result.name)
        writer.member("tasks", result.tasks)
        writer.member("seconds", result.seconds)
        writer.member("tasks_per_second", result.rate)
        writer.member("p50_ms", result.latencies.map { $0.p50.inSeconds * 1000 })
        writer.member("p95_ms", result.latencies.map { $0.p95.inSeconds * 1000 })
        writer.member("p99_ms", result.latencies.map { $0.p99.inSeconds * 1000 })
        writer.member("max_ms", result.latencies.map { $0.max.inSeconds * 1000 })
        writer.member("cpu_us_per_task", result.cpuMicrosecondsPerTask)
        writer.member("resident_bytes", result.residentBytes)
        writer.member("bytes_per_waiting_task", result.bytesPerTask)
        writer.member("ratio", result.comparison?.ratio)
        writer.member("ratio_of", result.comparison?.with)
        writer.member("server_cpu_us_per_task", result.serverMicrosecondsPerTask)
        guard !result.facts.isEmpty || !result.commands.isEmpty else { return }
        writer.name("facts")
        writer.array(result.facts) { writer, fact in
            writer.object { writer in
                writer.member("name", fact.name)
                writer.member("value", fact.value)
                writer.member("unit", fact.unit)
                writer.member("aim", fact.aim)
            }
        }
        writer.name("commands")
        writer.array(result.commands) { writer, command in
            writer.object { writer in
                writer.member("name", command.name)
                writer.member("calls_per_task", command.callsPerTask)
                writer.member("us_per_task", command.microsecondsPerTask)
            }
        }
    }
}

extension String {
    /// Pads the string with spaces after it, or before it, to `width` characters.
    fileprivate func padded(to width: Int, onLeft: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(width - count, 0))
        return onLeft ? spaces + self : self + spaces
    }
}
