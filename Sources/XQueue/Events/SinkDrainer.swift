import CoreMetrics
import Logging
import Synchronization
import XQueueCore

/// Hands the event log to a sink, in order and each event at least once, while this node has the sink's
/// lease.
///
/// Nothing waits for it: the log holds the events until the sink has taken them, up to the log's cap.
final class SinkDrainer: Sendable {
    /// How many events are handed over at once.
    static let pageSize = 2000
    /// The longest wait for events. Then the sink is given none, to see whether it is still well.
    static let longestWait = Duration.seconds(5)
    /// How long the sink may go on with what is under way, and with what is left, at shutdown.
    static let patience = Duration.seconds(5)
    /// Before every event, and yet not the place of a sink that nobody has drained to.
    private static let beforeFirst = EventCursor(time: Timestamp(milliseconds: 1))

    let sink: any EventSink
    let store: any Store
    private let lease: LeaseHolder
    private let nodeID: String
    let metrics: QueueMetrics.Sink
    let context: EngineContext
    private let bell = AsyncEvent()
    let counts = Mutex(SinkCounts())
    /// What the sink took last: a page, and the acknowledged place that it follows.
    private let taken = Mutex<(after: EventCursor, upTo: EventCursor)?>(nil)

    /// - Parameter lease: How long this node drains without renewing that.
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

    /// Whether this node drains to the sink, and what became of it.
    var state: (isHere: Bool, counts: SinkCounts) { (lease.isHeld, counts.withLock { $0 }) }

    /// Runs until the Swift task is canceled, and then for ``patience`` at most.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.lease.run(gained: self.bell.signal) }
            group.addTask { await self.serve() }
        }
        // A Swift task of its own, awaited here: another node takes over at once even after a cancellation.
        await Task { await lease.release() }.value
    }

    /// Drains whenever this node has the lease; after a failure again, later and later.
    private func serve() async {
        var trouble = Trouble(context.backOff())
        while !Task.isCancelled {
            guard lease.isHeld else {
                await bell.wait()
                continue
            }
            do {
                try await drain(&trouble)
            } catch {
                if Task.isCancelled { return }
                counts.withLock { $0.problem = error is LeaseLost ? nil : "\(error)" }
                // An operator need hear of it once, not at every try.
                context.logger.log(
                    level: trouble.isKnown || error is LeaseLost ? .debug : .warning,
                    "Events cannot be handed to a sink; trying again", metadata: ["error": "\(error)"])
                guard await trouble.wait() else { return }
            }
        }
    }

    private func drain(_ trouble: inout Trouble) async throws {
        let cursor = try await start()
        do {
            try await sink.open()
            noteRefusals()
            counts.withLock { $0.isConnected = true }
            try await drain(from: cursor, &trouble)
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

    /// Where to begin. Throws if another node has the lease by now.
    private func start() async throws -> EventCursor {
        var cursor = try await store.sinkCursor(sink.name)
        if cursor == .start {
            // What the log had lost before there was this sink is no loss of its; what it loses later is.
            let page = try await store.events(after: .start, limit: 1, waiting: .zero)
            cursor =
                page.events.first.map { EventCursor(time: $0.cursor.time, number: $0.cursor.number &- 1) }
                ?? Self.beforeFirst
        }
        // Nobody has come further since: what this sink has taken need not be told again.
        if let taken = taken.withLock({ $0 }), taken.after == cursor { cursor = taken.upTo }
        try await acknowledge(cursor)
        return cursor
    }

    private func drain(from start: EventCursor, _ trouble: inout Trouble) async throws {
        var cursor = start
        var page = try await store.events(after: cursor, limit: Self.pageSize, waiting: .zero)
        var isFirst = true
        while lease.isHeld, !Task.isCancelled {
            let (current, place) = (page, cursor)
            async let following = store.events(
                after: current.next, limit: Self.pageSize, waiting: Self.longestWait)
            try await patiently { try await self.deliver(current, after: place) }
            // A sink that opens and takes nothing is still in trouble.
            if !isFirst || !current.events.isEmpty {
                counts.withLock { $0.problem = nil }
                if trouble.end() { context.logger.info("Events are handed to the sink again") }
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
        try await patiently { try await self.finish(from: last) }
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
        noteRefusals()
        guard !page.events.isEmpty || page.isReset || page.isRewound else { return }
        taken.withLock { $0 = (cursor, page.next) }
        counts.withLock { $0.tally.delivered += page.events.count }
        metrics.events.increment(by: page.events.count)
        if page.isReset { tellLoss(page, after: cursor) }
        if page.isRewound {
            context.logger.warning(
                "The event log was set back, as by a failover; the sink goes on at its time",
                metadata: ["from": "\(cursor.time.rfc3339)"])
        }
        try await acknowledge(page.next)
    }

    private func acknowledge(_ cursor: EventCursor) async throws {
        guard try await store.acknowledge(sink.name, upTo: cursor, by: nodeID) else { throw LeaseLost() }
    }

    private func tellLoss(_ page: EventPage, after cursor: EventCursor) {
        let first = page.events.first?.cursor ?? page.next
        // Numbers have no gaps; a smaller one is of another log, where nobody knows what there was before.
        let lost = max(Self.distance(from: cursor, to: first) - (page.events.isEmpty ? 0 : 1), 0)
        counts.withLock { $0.tally.lost += lost }
        metrics.lost.increment(by: lost)
        context.logger.warning(
            "The event log was full or replaced before the sink took its events; they are lost to it",
            metadata: [
                "count": "\(lost)", "from": "\(cursor.time.rfc3339)", "until": "\(first.time.rfc3339)",
            ])
    }

    /// Goes on with `body` even if this Swift task is canceled meanwhile, for ``patience`` at most.
    private func patiently(_ body: @escaping @Sendable () async throws -> Void) async throws {
        // It ends with this call, which waits for it.
        let work = Task { try await body() }
        try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            // It ends by itself.
            Task {
                try? await context.clock.sleep(for: Self.patience)
                work.cancel()
            }
        }
    }
}

/// Another node has the sink's lease.
private struct LeaseLost: Error, CustomStringConvertible {
    var description: String { "another node has taken over" }
}

/// A row of failures.
private struct Trouble {
    private var backOff: BackOff
    private(set) var isKnown = false

    init(_ backOff: BackOff) {
        self.backOff = backOff
    }

    /// Waits before the next try; answers false if the Swift task was canceled meanwhile.
    mutating func wait() async -> Bool {
        isKnown = true
        return await backOff.wait()
    }

    /// Answers true if there was trouble before.
    mutating func end() -> Bool {
        defer { isKnown = false }
        backOff.reset()
        return isKnown
    }
}
