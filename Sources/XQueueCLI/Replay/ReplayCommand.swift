import ArgumentParser
import Foundation
import Logging
import XQueue
import XQueueCore
import XQueueServer

/// `xqueue replay`: restores tasks from the durable log into a store that has lost them.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Rebuild a lost store from the log in Kafka.",
        usage: """
            xqueue replay --from TIME|OFFSET [--partition NUMBER] [--dry-run] [--json] [--config FILE] \
            [--SETTING VALUE …]
            """,
        discussion: """
            Reads the task topic from a time or an offset to its current end, and stores every task that the \
            store does not know. Known tasks are left alone, so a replay can be repeated. With \
            kafka.status_topic set, tasks that have ended are not run again; without it, every task that is \
            missing from the store is.

            Uses the settings of xqueue serve, from the same file, variables and flags. With Redis, nodes may \
            keep running; a file belongs to one process, so stop its server first.

            Exit codes: 0 if the log was read to its end; 64 or 78 for a mistake on the command line or in the \
            configuration; 69 if Kafka and 73 if the store cannot be used. Tasks stored until then stay.

            Examples:
              xqueue replay --from 0 --dry-run
              xqueue replay --from 2026-01-31T09:30:00Z --kafka-brokers localhost:9092
              xqueue replay --from 120000 --partition 3 --redis-addr localhost:6379 --json
            """)

    @Option(help: ArgumentHelp("Where to start: a time (RFC 3339) or an offset.", valueName: "time|offset"))
    var from: String

    @Option(help: ArgumentHelp("Replay only this partition of the topic.", valueName: "number"))
    var partition: Int32?

    @Flag(help: "Count the tasks without storing them.")
    var dryRun = false

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(name: .customLong("config"), help: "Configuration file, as for xqueue serve.")
    var file: String?

    @Argument(
        parsing: .allUnrecognized, help: ArgumentHelp("Settings as flags.", visibility: .hidden))
    var flags: [String] = []

    func validate() throws {
        _ = try start
        if let partition, partition < 0 { throw ValidationError("--partition must be 0 or more") }
    }

    /// Where to start.
    private var start: IntakeStart {
        get throws {
            if let offset = Int64(from), offset >= 0 { return .position(offset) }
            if let time = RFC3339Reader.timestamp(from) { return .time(time) }
            throw ValidationError(
                "--from must be a log offset, or a time with a UTC offset, such as 2026-01-31T09:30:00Z")
        }
    }

    func run() async throws {
        let display = ReplayDisplay(json: json, isDry: dryRun)
        let outcome: ReplayProgram.Outcome
        do {
            let environment = ProcessInfo.processInfo.environment
            let configuration = try await ConfigurationLoader(
                flags: flags, environment: environment, file: file ?? environment["XQUEUE_CONFIG"]
            ).load()
            let program = ReplayProgram(
                values: configuration.values, start: try start, partition: partition, isDry: dryRun)
            outcome = try await program.run(display)
        } catch let error as ValidationError {
            throw error
        } catch {
            throw ServeFailure(error).reported()
        }
        let done = dryRun ? "" : "; \(outcome.report.restored) tasks restored"
        try Output.line(display.text(of: outcome), after: "the log was read to its end\(done)")
    }
}

/// A replay, assembled from its configuration.
struct ReplayProgram {
    /// The outcome of a replay, and the records it covers.
    struct Outcome {
        var spans: [IntakeSpan]
        var report: ReplayReport
        var elapsed: Duration
    }

    let values: ServeConfiguration
    let start: IntakeStart
    let partition: Int32?
    let isDry: Bool

    /// - Throws: ``ConfigurationError``, ``IntakeError`` or ``StoreError``.
    func run(_ display: ReplayDisplay) async throws -> Outcome {
        let level = LogControl(ConsoleLog.level(values))
        let logger = ConsoleLog.quiet(ConsoleLog.logger(values, level))
        guard let archive = try IntakeOpener(values, logger: logger).archive() else {
            throw ConfigurationError(.configuration, ["kafka.brokers is not set: there is no log to replay"])
        }
        do {
            let begin = ContinuousClock.now
            let spans = try await archive.open(from: start, part: partition)
            let store = try await StoreOpener(values: values, logger: logger).open()
            do {
                let total = spans.positions
                let replay = IntakeReplay(archive, into: store, configuration: values.queue, isDry: isDry)
                let report = try await replay.run { display.show($0, of: total) }
                await store.close()
                await archive.close()
                display.clear()
                return Outcome(spans: spans, report: report, elapsed: ContinuousClock.now - begin)
            } catch {
                await store.close()
                throw error
            }
        } catch {
            await archive.close()
            display.clear()
            throw error
        }
    }
}
