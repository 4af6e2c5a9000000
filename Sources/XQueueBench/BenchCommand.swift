import ArgumentParser
import XQueue

@main
enum BenchProgram {
    static func main() async {
        #if Redis
        let words = CommandLine.arguments.dropFirst()
        if words.first == BenchWorkerCommand.name {
            return await BenchWorkerCommand.main(Array(words.dropFirst()))
        }
        #endif
        await BenchCommand.main(nil)
    }
}

/// `xqueue-bench`: performance on this machine, relative to a bare database and a bare web server.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xqueue-bench",
        abstract: "Measure this machine: submit, drain, end to end, pick-up latency, HTTP, backlog.",
        discussion: """
            Each phase uses its own queue and no-op handlers. The floor is measured in the same run: with \
            SQLite, the same rows written through its bare C API, and the same JSON echoed by a bare web route; \
            with Redis, bare commands sent by redis-benchmark. On a noisy machine, quote the ratios.

            batches, memory, nodes and prune require --store redis. The default is floor, submit, drain, \
            end-to-end, pick-up and http, or with Redis batches, memory and nodes instead of http. mqtt needs no \
            store; it publishes to a mosquitto started for it and counts messages, two per event. kafka submits \
            over HTTP with and without Kafka in front of the store, and fills the store from a full topic, \
            compared with bare inserts; it starts the broker installed by scripts/setup-kafka, unless \
            --kafka-brokers is given. events drains a backlog with and without the event log. subscribers opens \
            idle event streams to a server started for it, the xqueue next to this program.

            Examples:
              xqueue-bench                          the default phases
              xqueue-bench end-to-end --tasks 200000
              xqueue-bench backlog --backlog 1000000
              xqueue-bench http --json
              xqueue-bench --store redis kafka
              xqueue-bench leases --pollers 1000    waiting HTTP workers, and waking them
              xqueue-bench mqtt --tasks 200000      compared with a bare libmosquitto publisher
              xqueue-bench events subscribers       the cost of live updates
              xqueue-bench --store redis            on a redis-server started for it
              xqueue-bench --store redis backlog prune --redis-addr localhost:6379
            """,
        version: Version.current)

    @Argument(help: ArgumentHelp("Phases to run; default: see above."))
    var phases: [BenchPhase] = []

    @OptionGroup var options: BenchOptions

    func validate() throws {
        if options.store == .sqlite, let phase = phases.first(where: \.needsRedis) {
            throw ValidationError("\(phase.rawValue) requires --store redis")
        }
        #if !MQTT
        if phases.contains(.mqtt) { throw ValidationError("this xqueue-bench was built without MQTT") }
        #endif
        #if !Kafka
        if phases.contains(.kafka) { throw ValidationError("this xqueue-bench was built without Kafka") }
        #endif
        #if !Redis
        if options.store == .redis {
            throw ValidationError("this xqueue-bench was built without the Redis store")
        }
        #endif
    }

    func run() async throws {
        let phases = phases.isEmpty ? BenchPhase.usual(for: options.store) : phases
        let folder = try BenchFolder(options.folder)
        defer { folder.remove() }
        let bar = ProgressBar()
        switch options.store {
        case .sqlite:
            let runner = SQLiteBench(options: options, folder: folder, bar: bar)
            try await report(phases, bar) { try await runner.run($0, floor: $1) }
        case .redis:
            #if Redis
            try await BenchServer.use(options, folder) { server in
                let runner = RedisBench(options: options, server: server, bar: bar)
                try await report(phases, bar) { try await runner.run($0, floor: $1) }
            }
            #endif
        }
    }

    private func report(
        _ phases: [BenchPhase], _ bar: ProgressBar,
        run: (BenchPhase, BenchResult?) async throws -> [BenchResult]
    ) async throws {
        var report = BenchReport(options: options)
        for phase in phases {
            report.results += try await run(phase, report.floor)
            bar.clear()
        }
        try report.print()
    }
}

/// Why a benchmark cannot continue.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    static func notInstalled(_ program: String, package: String) -> BenchFailure {
        BenchFailure(
            description: """
                \(program) is not installed (on Debian and Ubuntu: apt-get install \(package)); \
                --redis-addr uses a running server
                """)
    }
}
