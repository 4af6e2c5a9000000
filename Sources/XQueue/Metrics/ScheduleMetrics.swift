import CoreMetrics
import XQueueCore

/// The instruments of schedules. Their names are not labels, since there may be thousands.
struct ScheduleMetrics: Sendable {
    private let ticks: [ScheduleChange.Outcome: Counter]
    private let lag: Timer
    private let queue: QueueMetrics

    init(_ metrics: QueueMetrics) {
        ticks = Dictionary(
            uniqueKeysWithValues: ScheduleChange.Outcome.allCases.map {
                ($0, metrics.counter(.scheduleTicks, [("outcome", $0.rawValue)]))
            })
        lag = metrics.timer(.scheduleLag, [])
        queue = metrics
    }

    /// Counts the tasks that were submitted.
    func count(_ tasks: [NewTask], _ outcomes: [InsertOutcome]) {
        queue.inserted(tasks, outcomes)
    }

    /// Counts what a schedule did.
    ///
    /// - Parameters:
    ///   - events: Its events.
    ///   - delay: How much later than its ticks it fires.
    ///   - now: When it did.
    func count(_ events: [ScheduleEvent], delay: Duration, at now: Timestamp) {
        for event in events {
            ticks[event.change.outcome]?.increment(by: event.change.count)
            guard event.change.outcome == .fired || event.change.outcome == .late else { continue }
            lag.recordNanoseconds(max((now - (event.change.tick + delay)).nanoseconds, 0))
        }
    }
}
