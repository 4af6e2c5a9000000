import CoreMetrics
import XQueueCore

/// A store whose calls are timed, and whose failures are counted.
///
/// Waiting for events is not a call's time: that verb is measured only when it does not wait.
struct MeteredStore: Sendable {
    let inner: any TaskStore
    private let metrics: QueueMetrics
    private let timers: [CoreMetrics.Timer]

    /// The verbs that are measured, as their label says them.
    enum Verb: Int, CaseIterable {
        case insert, claim, settle, heartbeat, report, cancel, requeue, setLimit, setPaused, removeTypes,
            sweep, prune
        case birth, register, unregister, nodes, hold, release, events, lastEvent, sinkCursor, acknowledge
        case now, task, tasks, statistics, types, check

        var label: String { String(describing: self) }
    }

    init(_ inner: any TaskStore, _ metrics: QueueMetrics) {
        self.inner = inner
        self.metrics = metrics
        timers = Verb.allCases.map { metrics.timer(.storeCall, [("verb", $0.label)]) }
    }

    func time<Value: Sendable>(
        _ verb: Verb, _ call: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = ContinuousClock.now
        do throws(StoreError) {
            let value = try await call()
            timers[verb.rawValue].record(since: start)
            return value
        } catch {
            timers[verb.rawValue].record(since: start)
            failed(verb, error)
            throw error
        }
    }

    func failed(_ verb: Verb, _ error: StoreError) {
        metrics.counter(.storeErrors, [("verb", verb.label), ("code", error.code.rawValue)]).increment()
    }
}
