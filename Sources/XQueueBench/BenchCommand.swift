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

/// `xqueue-bench`: what this machine can do, next to what the bare database and a bare web server can.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xqueue-bench",
        abstract: "Measure this machine: submit, drain, end to end, pick-up latency, HTTP, backlog.",
        discussion: """
            Each phase uses a queue of its own and handlers that do nothing. In the same run the floor is \
            taken: with SQLite, the same rows written by its bare C API, and the same JSON echoed by a bare \
            web route; with Redis, bare commands sent by redis-benchmark. On a noisy machine, quote the \
            ratios.

            batches, memory, nodes and prune need --store redis. Without a phase, all are run but http with \
            Redis, leases, and the long ones: backlog and prune. mqtt, which needs no store, publishes to a mosquitto \
            that is started for it, and counts messages: two for each event. kafka submits over HTTP with and \
            without Kafka in front of the store, and feeds the store from a full topic, next to bare inserts; it \
            starts the broker that scripts/setup-kafka gets, unless --kafka-brokers names another. \
            events drains a backlog with and without the event log. subscribers opens idle event streams at a \
            server that is started for it: the xqueue beside this program.

            Examples:
              xqueue-bench                          all phases but the long ones
              xqueue-bench end-to-end --tasks 200000
              xqueue-bench backlog --backlog 1000000
              xqueue-bench http --json
              xqueue-bench --store redis kafka
              xqueue-bench leases --pollers 1000    workers over HTTP that wait, and are woken
              xqueue-bench mqtt --tasks 200000      next to a bare libmosquitto publisher
              xqueue-bench events subscribers       what live updates cost
              xqueue-bench --store redis            against a redis-server started for it
              xqueue-bench --store redis backlog prune --redis-addr localhost:6379
            """,
        version: Version.current)

    @Argument(help: ArgumentHelp("The phases to run; all but the long ones if none is named."))
    var phases: [BenchPhase] = []

    @OptionGroup var options: BenchOptions

    func validate() throws {
        if options.store == .sqlite, let phase = phases.first(where: \.needsRedis) {
            throw ValidationError("\(phase.rawValue) needs --store redis")
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

/// Why a benchmark cannot go on.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    static func notInstalled(_ program: String, package: String) -> BenchFailure {
        BenchFailure(
            description: """
                \(program) is not installed (on Debian and Ubuntu: apt-get install \(package)); \
                --redis-addr takes a running server
                """)
    }
}
