import CoreMetrics
import Logging
import Synchronization
import XQueueCore

/// Delivers the event log to a sink, in order and each event at least once, while this node holds the
/// sink's lease.
///
/// Nothing waits for it: the log keeps events until the sink has acknowledged them, up to the log's limits.
final class SinkDrainer: Sendable {
    /// Maximum number of events per delivery.
    static let pageSize = 2000
    /// Maximum wait for events. After that, an empty delivery checks that the sink still works.
    static let longestWait = Duration.seconds(5)
    /// At shutdown, how long the delivery under way may take, and then the delivery of the rest.
    static let grace = Duration.seconds(5)
    /// Before every event, yet different from the cursor of a sink that has never been drained to.
    private static let beforeFirst = EventCursor(time: Timestamp(milliseconds: 1))

    let sink: any EventSink
    let store: any Store
    private let lease: LeaseHolder
    private let nodeID: String
    let metrics: QueueMetrics.Sink
    let context: EngineContext
    private let bell = AsyncEvent()
    let counts = Mutex(SinkCounts())
    /// The end of the page that the sink accepted last, and the acknowledged cursor that the page follows.
    private let taken = Mutex<(after: EventCursor, upTo: EventCursor)?>(nil)

    /// - Parameter lease: How long the sink's lease lasts without renewal.
    init(
        _ sink: any EventSink, store: any Store, nodeID: String, lease: Duration, context: EngineContext
    ) {
        let context = context.logging("sink", sink.name)
        self.sink = sink
        self.store = store
        self.nodeID = nodeID
        self.lease = LeaseHolder(
            .sink(sink.name), store: store, nodeID: nodeID, duration: lease, context: context)
        self.metrics = context.metrics.sink(sink.name)
        self.context = context
    }

    /// Whether this node drains to the sink, and what it has counted.
    var state: (isHere: Bool, counts: SinkCounts) { (lease.isHeld, counts.withLock { $0 }) }

    /// Runs until the Swift task is canceled, and then until the deliveries that ``grace`` allows have ended.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.lease.run(gained: self.bell.signal) }
            group.addTask { await self.serve() }
        }
        // In a Swift task of its own, so that a cancellation does not keep another node from taking over immediately.
        await Task { await lease.release() }.value
    }

    /// Drains whenever this node holds the lease, with back-off between failures.
    private func serve() async {
        var streak = FailureStreak(context.backOff())
        while !Task.isCancelled {
            guard lease.isHeld else {
                await bell.wait()
                continue
            }
            do {
                try await drain(&streak)
            } catch {
                if Task.isCancelled { return }
                counts.withLock { $0.problem = error is LeaseLost ? nil : "\(error)" }
                // Logged prominently once, not for every retry.
                context.logger.log(
                    level: streak.isActive || error is LeaseLost ? .debug : .warning,
                    "Could not deliver events to sink; retrying", metadata: ["error": "\(error)"])
                guard await streak.wait() else { return }
            }
        }
    }

    private func drain(_ streak: inout FailureStreak) async throws {
        let cursor = try await start()
        do {
            try await sink.open()
            noteRejections()
            counts.withLock { $0.isConnected = true }
            try await drain(from: cursor, &streak)
        } catch {
            await closeSink()
            throw error
        }
        await closeSink()
    }

    private func closeSink() async {
        counts.withLock { $0.isConnected = false }
        await sink.close()
    }

    /// Returns the cursor to start from. Throws if another node holds the lease by now.
    private func start() async throws -> EventCursor {
        var cursor = try await store.sinkCursor(sink.name)
        if cursor == .start {
            // Only events pruned after the sink was added count as lost to it.
            let page = try await store.events(after: .start, limit: 1, waiting: .zero)
            cursor =
                page.events.first.map { EventCursor(time: $0.cursor.time, number: $0.cursor.number &- 1) }
                ?? Self.beforeFirst
        }
        // No other node has drained since: what this sink has accepted need not be delivered again.
        if let taken = taken.withLock({ $0 }), taken.after == cursor { cursor = taken.upTo }
        try await acknowledge(cursor)
        return cursor
    }

    private func drain(from start: EventCursor, _ streak: inout FailureStreak) async throws {
        var cursor = start
        var page = try await store.events(after: cursor, limit: Self.pageSize, waiting: .zero)
        var isFirst = true
        while lease.isHeld, !Task.isCancelled {
            let (current, place) = (page, cursor)
            async let following = store.events(
                after: current.next, limit: Self.pageSize, waiting: Self.longestWait)
            try await withGrace { try await self.deliver(current, after: place) }
            // A sink that opens but accepts nothing is still failing.
            if !isFirst || !current.events.isEmpty {
                counts.withLock { $0.problem = nil }
                if streak.end() { context.logger.info("Delivering events to sink again") }
            }
            isFirst = false
            cursor = current.next
            do {
                page = try await following
            } catch  where Task.isCancelled {
                break
            }
        }
        guard Task.isCancelled else { return }
        let last = cursor
        try await withGrace { try await self.finish(from: last) }
    }

    /// Delivers what the log still holds.
    private func finish(from start: EventCursor) async throws {
        var cursor = start
        var hasMore = true
        while hasMore, !Task.isCancelled {
            let page = try await store.events(after: cursor, limit: Self.pageSize, waiting: .zero)
            try await deliver(page, after: cursor)
            cursor = page.next
            hasMore = page.hasMore
        }
    }

    private func deliver(_ page: EventPage, after cursor: EventCursor) async throws {
        let start = ContinuousClock.now
        do {
            try await sink.deliver(page.events)
        } catch {
            if !Task.isCancelled { metrics.errors.increment() }
            throw error
        }
        if !page.events.isEmpty { metrics.delivery.record(since: start) }
        noteRejections()
        guard !page.events.isEmpty || page.isReset || page.isRewound else { return }
        taken.withLock { $0 = (cursor, page.next) }
        counts.withLock { $0.tally.delivered += page.events.count }
        metrics.events.increment(by: page.events.count)
        if page.isReset { reportLoss(page, after: cursor) }
        if page.isRewound {
            context.logger.warning(
                "Event log rewound, as by a failover; the sink continues from the same time",
                metadata: ["from": "\(cursor.time.rfc3339)"])
        }
        try await acknowledge(page.next)
    }

    private func acknowledge(_ cursor: EventCursor) async throws {
        guard try await store.acknowledge(sink.name, upTo: cursor, by: nodeID) else { throw LeaseLost() }
    }

    private func reportLoss(_ page: EventPage, after cursor: EventCursor) {
        let first = page.events.first?.cursor ?? page.next
        // Numbers have no gaps. A smaller one belongs to another log, whose earlier events are unknown.
        let lost = max(Self.distance(from: cursor, to: first) - (page.events.isEmpty ? 0 : 1), 0)
        counts.withLock { $0.tally.lost += lost }
        metrics.lost.increment(by: lost)
        context.logger.warning(
            "Events lost: the event log overflowed or was replaced before the sink received them",
            metadata: [
                "count": "\(lost)", "from": "\(cursor.time.rfc3339)", "until": "\(first.time.rfc3339)",
            ])
    }

    /// Runs `body`, and lets it continue for at most ``grace`` if this Swift task is canceled meanwhile.
    private func withGrace(_ body: @escaping @Sendable () async throws -> Void) async throws {
        // Ends with this call, which waits for it.
        let work = Task { try await body() }
        try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            // Ends by itself.
            Task {
                try? await context.clock.sleep(for: Self.grace)
                work.cancel()
            }
        }
    }
}

/// Another node holds the sink's lease.
private struct LeaseLost: Error, CustomStringConvertible {
    var description: String { "another node has taken over" }
}

/// Consecutive failures.
private struct FailureStreak {
    private var backOff: BackOff
    private(set) var isActive = false

    init(_ backOff: BackOff) {
        self.backOff = backOff
    }

    /// Waits before the next retry. Returns false if the Swift task was canceled meanwhile.
    mutating func wait() async -> Bool {
        isActive = true
        return await backOff.wait()
    }

    /// Ends the streak. Returns whether there was one.
    mutating func end() -> Bool {
        defer { isActive = false }
        backOff.reset()
        return isActive
    }
}
