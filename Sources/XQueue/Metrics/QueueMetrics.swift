package import CoreMetrics
import Synchronization
import XQueueCore

/// What this node measures: hands out the instruments, each made once.
///
/// Making an instrument may cost a lock and memory; using one costs an atomic step or two. So those of a task's way are
/// kept by type, and whoever has one keeps it.
package final class QueueMetrics: Sendable {
    package let factory: any MetricsFactory
    let labels = TypeLabels()
    private let submitted = Mutex<[String: Counter]>([:])
    private let work = Mutex<[String: WorkMetrics]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
    }

    // MARK: - The way of a task

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

    /// The instruments of attempts of `type`.
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

    /// A waiting task of `type` was canceled.
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
    /// Whole nanoseconds; the most that fit for a longer time.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflows ? .max : whole &+ attoseconds / 1_000_000_000
    }
}
