import XQueueCore

/// All results of one run, for people or for programs.
struct BenchReport {
    let options: BenchOptions
    var results: [BenchResult] = []

    var floor: BenchResult? { results.first { $0.name == "floor" } }

    func print() {
        Swift.print(options.json ? json : table)
    }

    private var table: String {
        let head = ["phase", "tasks", "tasks/s", "p50", "p95", "p99", "CPU/task", "memory", "ratio"]
        let rows = results.map { result in
            [
                result.name, String(result.tasks), String(Int(result.rate)),
                text(result.latencies?.p50), text(result.latencies?.p95), text(result.latencies?.p99),
                "\(rounded(result.cpuMicrosecondsPerTask)) µs", memory(result), ratio(result),
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            row.indices.map { column in
                row[column].padded(to: widths[column], onLeft: column > 0 && column < head.count - 1)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private func text(_ duration: Duration?) -> String {
        guard let duration else { return "–" }
        return "\(rounded(duration.inSeconds * 1000)) ms"
    }

    private func memory(_ result: BenchResult) -> String {
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
    }
}
