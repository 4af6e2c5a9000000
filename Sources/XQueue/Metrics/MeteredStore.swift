import CoreMetrics
import XQueueCore

/// Times a store's calls and counts its failures.
///
/// Reading events is timed only when it does not wait for them.
struct MeteredStore: StoreDecorator {
    /// Calls of transfers, which no node makes.
    private static let unmetered: Set<StoreVerb> = [.copies, .adopt, .endTransfer, .transferNote]

    let base: any Store
    private let metrics: QueueMetrics
    private let timers: [StoreVerb: CoreMetrics.Timer]

    init(_ base: any Store, _ metrics: QueueMetrics) {
        self.base = base
        self.metrics = metrics
        timers = Dictionary(
            uniqueKeysWithValues: StoreVerb.allCases.filter { !Self.unmetered.contains($0) }.map {
                ($0, metrics.timer(.storeCall, [("verb", $0.rawValue)]))
            })
    }

    func call<Value: Sendable>(
        _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = ContinuousClock.now
        defer { timers[verb]?.record(since: start) }
        return try await counted(verb, body)
    }

    func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage {
        let read = { () async throws(StoreError) in
            try await base.events(after: cursor, limit: limit, waiting: waiting)
        }
        return try await waiting > .zero ? counted(.events, read) : call(.events, read)
    }

    /// Makes the call, and counts its failure.
    private func counted<Value: Sendable>(
        _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            metrics.counter(.storeErrors, [("verb", verb.rawValue), ("code", error.code.rawValue)])
                .increment()
            throw error
        }
    }
}
