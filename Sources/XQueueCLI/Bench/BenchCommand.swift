import ArgumentParser

/// `xqueue bench`: what this machine can do, next to what bare SQLite and a bare web server can.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure this machine: submit, drain, end to end, pick-up latency, HTTP, backlog.",
        discussion: """
            Each phase uses a database of its own and handlers that do nothing. In the same run the same \
            rows are written by the bare SQLite C API (the floor), and the same JSON is echoed by a bare \
            web route: on a noisy machine, quote the ratios.

            Examples:
              xqueue bench                          all phases but the backlog
              xqueue bench end-to-end --tasks 200000
              xqueue bench backlog --backlog 1000000
              xqueue bench http --json
            """)

    enum Phase: String, CaseIterable, ExpressibleByArgument {
        case floor, submit, drain
        case endToEnd = "end-to-end"
        case pickUp = "pick-up"
        case http, backlog
    }

    @Argument(help: ArgumentHelp("The phases to run; all but the backlog if none is named."))
    var phases: [Phase] = []

    @OptionGroup var options: BenchOptions

    func run() async throws {
        let phases = phases.isEmpty ? Phase.allCases.filter { $0 != .backlog } : phases
        let folder = try BenchFolder(options.folder)
        defer { folder.remove() }
        let bar = ProgressBar()
        var report = BenchReport(options: options)
        for phase in phases {
            report.results += try await run(phase, folder, bar, floor: report.floor)
            bar.clear()
        }
        report.print()
    }

    private func run(
        _ phase: Phase, _ folder: BenchFolder, _ bar: ProgressBar, floor: BenchResult?
    ) async throws -> [BenchResult] {
        let queue = QueueBench(options: options, folder: folder, bar: bar)
        switch phase {
        case .floor: return [try await FloorBench(options: options, folder: folder, bar: bar).run()]
        case .submit: return [try await queue.submit()]
        case .drain: return [try await queue.drain(options.tasks, name: "drain")]
        case .endToEnd:
            let result = try await queue.endToEnd()
            return [floor.map { result.compared(with: $0, aim: 0.6) } ?? result]
        case .pickUp: return [try await queue.pickUp()]
        case .http: return try await HTTPBench(options: options, folder: folder, bar: bar).run()
        case .backlog:
            let small = try await queue.drain(10_000, name: "backlog-10000")
            let large = try await queue.drain(options.backlog, name: "backlog-\(options.backlog)")
            return [small, large.compared(with: small, aim: 0.8)]
        }
    }
}
