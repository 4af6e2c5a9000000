import CoreMetrics
package import XQueueCore

/// The instruments of the attempts of one task type.
package final class WorkMetrics: Sendable {
    private let started: Counter
    private let wait: Timer
    private let run: Timer
    private let outcomes: [Outcome: Counter]
    private let ends: [TaskStatus: Counter]

    /// The outcome of an attempt, as a label value.
    private enum Outcome: String, CaseIterable {
        case success, error, timeout, snoozed, released
        /// The attempt's lease was lost before its end could be stored.
        case late
    }

    init(_ metrics: QueueMetrics, type: String) {
        let label = ("type", type)
        started = metrics.counter(.attemptsStarted, [label])
        wait = metrics.timer(.queueWait, [label])
        run = metrics.timer(.run, [label])
        outcomes = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map {
                ($0, metrics.counter(.attemptsFinished, [label, ("outcome", $0.rawValue)]))
            })
        ends = Dictionary(
            uniqueKeysWithValues: [TaskStatus.success, .failed, .canceled].map {
                ($0, metrics.counter(.tasksFinished, [label, ("status", $0.rawValue)]))
            })
    }

    /// Counts the start of an attempt of `record`.
    package func started(_ record: TaskRecord) {
        started.increment()
        guard let startedAt = record.startedAt else { return }
        wait.recordNanoseconds(max((startedAt - record.runAt).nanoseconds, 0))
    }

    /// Records the run time of an attempt whose handler has returned, or whose remote worker has reported its end.
    package func ran(for time: Duration) {
        run.recordNanoseconds(max(time.nanoseconds, 0))
    }

    /// Counts the store's answer to the end of an attempt.
    package func settled(_ outcome: AttemptOutcome, _ answer: SettleOutcome) {
        guard case .settled(let status, _) = answer else {
            outcomes[.late]?.increment()
            return
        }
        let kind: Outcome =
            switch outcome {
            case .success: .success
            case .failure(let failure, _): failure.kind == .timeout ? .timeout : .error
            case .snooze: .snoozed
            case .release: .released
            }
        outcomes[kind]?.increment()
        ends[status]?.increment()
    }
}
