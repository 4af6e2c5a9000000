import Logging
import XQueue
import XQueueCore
import XQueueServer

/// A replay, put together from its configuration.
struct ReplayProgram {
    /// What a replay did, and with which records.
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
            throw ConfigurationError(.configuration, ["kafka.brokers: there is no log to replay without it"])
        }
        do {
            let begin = ContinuousClock.now
            let spans = try await archive.open(from: start, partition: partition)
            let store = try await StoreOpener(values: values, logger: logger).open()
            do {
                let total = spans.offsets
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
