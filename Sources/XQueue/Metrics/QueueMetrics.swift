package import CoreMetrics
import Synchronization
import XQueueCore

/// The instruments of this node's metrics, each made once.
///
/// Making an instrument may cost a lock and memory; using one costs an atomic operation or two. So the instruments of
/// the task life cycle are cached by type, and users keep them.
package final class QueueMetrics: Sendable {
    package let factory: any MetricsFactory
    let labels = TypeLabels()
    private let submitted = Mutex<[String: Counter]>([:])
    private let work = Mutex<[String: WorkMetrics]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
    }

    // MARK: - Task life cycle

    /// Counts the tasks that are new in the store.
    func inserted(_ tasks: [NewTask], _ outcomes: [InsertOutcome]) {
        var run: (type: String, count: Int) = ("", 0)
        for (task, outcome) in zip(tasks, outcomes) {
            guard case .inserted = outcome else { continue }
            if task.type != run.type {
                count(run)
                run = (task.type, 0)
            }
            run.count += 1
        }
        count(run)
    }

    private func count(_ run: (type: String, count: Int)) {
        guard run.count > 0 else { return }
        let counter = submitted.withLock { counters in
            if let counter = counters[run.type] { return counter }
            let label = labels.label(of: run.type)
            let counter = self.counter(.tasksSubmitted, [("type", label)])
            // Types without a label of their own are not remembered: there may be any number of them.
            if label == run.type { counters[run.type] = counter }
            return counter
        }
        counter.increment(by: run.count)
    }

    /// Returns the instruments of attempts of `type`.
    package func work(_ type: String) -> WorkMetrics {
        work.withLock { work in
            if let known = work[type] { return known }
            let label = labels.label(of: type)
            let key = label == type ? type : ""
            if let known = work[key] { return known }
            let made = WorkMetrics(self, type: label)
            work[key] = made
            return made
        }
    }

    /// Counts a pending task of `type` that was canceled.
    func canceled(_ type: String) {
        counter(.tasksCanceled, [("type", labels.label(of: type))]).increment()
    }

    // MARK: - Making instruments

    package func counter(_ name: MetricName, _ labels: [(String, String)] = []) -> Counter {
        Counter(label: name.rawValue, dimensions: labels, factory: factory)
    }

    package func timer(_ name: MetricName, _ labels: [(String, String)] = []) -> Timer {
        Timer(label: name.rawValue, dimensions: labels, factory: factory)
    }

    package func gauge(_ name: MetricName, _ labels: [(String, String)] = []) -> Gauge {
        Gauge(label: name.rawValue, dimensions: labels, factory: factory)
    }
}

extension Timer {
    /// Records how long it has been since `start`.
    package func record(since start: ContinuousClock.Instant) {
        recordNanoseconds((ContinuousClock.now - start).nanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to the largest representable value.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflows ? .max : whole &+ attoseconds / 1_000_000_000
    }
}

extension QueueMetrics {
    /// The instruments of a sink.
    struct Sink: Sendable {
        let delivery: Timer
        let events: Counter
        let errors: Counter
        let lost: Counter
        /// Messages that the receiver rejected for good.
        let refused: Counter
    }

    /// The instruments of the log in front of the store.
    struct Intake: Sendable {
        let append: Timer
        let errors: Counter
        /// Records that became tasks.
        let fed: Counter
        /// Records whose tasks the store had already.
        let known: Counter
        /// Records that became no tasks of their own, because another one held the unique key.
        let deduplicated: Counter
        /// Records that were set aside.
        let rejected: Counter
    }

    func sink(_ name: String) -> Sink {
        let label = [("sink", name)]
        return Sink(
            delivery: timer(.sinkDelivery, label), events: counter(.sinkEvents, label),
            errors: counter(.sinkErrors, label), lost: counter(.sinkLost, label),
            refused: counter(.sinkRefused, label))
    }

    func intake(_ name: String) -> Intake {
        let label = ("intake", name)
        func records(_ outcome: String) -> Counter {
            counter(.intakeRecords, [label, ("outcome", outcome)])
        }
        return Intake(
            append: timer(.intakeAppend, [label]), errors: counter(.intakeErrors, [label]),
            fed: records("fed"), known: records("known"),
            deduplicated: records("deduplicated"), rejected: records("rejected"))
    }
}

/// Gives the first task types a label of their own; all others share one.
final class TypeLabels: Sendable {
    /// Maximum number of types with a label of their own.
    static let maxTypes = 200
    /// The label of all others.
    static let others = "other"

    private let admitted = Mutex<Set<String>>([])

    /// Returns the value of the label `type` for a task of `type`.
    func label(of type: String) -> String {
        admitted.withLock { admitted in
            if admitted.contains(type) { return type }
            guard admitted.count < Self.maxTypes else { return Self.others }
            admitted.insert(type)
            return type
        }
    }
}
