import CoreMetrics
import Logging
import Synchronization
public import XQueueCore

/// One sink of this node, and how far behind it is.
public struct SinkReport: Sendable, Hashable {
    /// The sink's name in the store: `mqtt`.
    public let name: String
    /// Whether this node is the one that delivers events to it.
    public let isDraining: Bool
    /// Whether this node is connected to it.
    public let isConnected: Bool
    /// What this node has counted for the sink since it started.
    public let tally: SinkTally
    /// Why this node cannot deliver now; nil if it can, or if another node delivers.
    public let problem: String?
    /// How far the sink has acknowledged events, from any node.
    public let cursor: EventCursor
    /// Number of events it has not acknowledged.
    public let lag: Int
}

/// What a node has counted for a sink since it started.
public struct SinkTally: Sendable, Hashable {
    /// Number of events this node has delivered.
    public internal(set) var delivered = 0
    /// Number of events that were gone from the log before this node could deliver them.
    public internal(set) var lost = 0
    /// Number of messages the receiver has rejected for good, which were set aside.
    public internal(set) var rejected = 0
}

/// The condition of one sink of this node, as far as the node knows without asking the store or the sink.
public struct SinkCondition: Sendable {
    /// The sink's name in the store: `mqtt`.
    public let name: String
    /// Why this node cannot deliver now; nil if it can, or if another node delivers.
    public let problem: String?
    /// Number of messages the receiver has rejected for good since this node started.
    public let rejected: Int
    /// The last of them, and when that was; nil if there are none.
    public let lastRejected: (rejection: SinkRejection, at: Timestamp)?
}

/// What a drainer has counted since this node started.
struct SinkCounts: Sendable {
    var isConnected = false
    var tally = SinkTally()
    var problem: String?
    var lastRejected: (rejection: SinkRejection, at: Timestamp)?
    var rejectionLog = RejectionLog()
}

extension SinkDrainer {
    /// - Parameter last: The newest event's cursor.
    func report(last: EventCursor) async throws(StoreError) -> SinkReport {
        let cursor = try await store.sinkCursor(sink.name)
        let (isHere, counts) = state
        return SinkReport(
            name: sink.name, isDraining: isHere, isConnected: counts.isConnected, tally: counts.tally,
            problem: isHere ? counts.problem : nil, cursor: cursor,
            lag: Self.distance(from: cursor, to: last))
    }

    /// The sink's condition, without asking the store.
    var condition: SinkCondition {
        let (isHere, counts) = state
        return SinkCondition(
            name: sink.name, problem: isHere ? counts.problem : nil, rejected: counts.tally.rejected,
            lastRejected: counts.lastRejected)
    }

    /// The number of events after `cursor` up to `last`; 0 if the log has started over.
    static func distance(from cursor: EventCursor, to last: EventCursor) -> Int {
        let (distance, isHuge) = last.number.subtractingReportingOverflow(cursor.number)
        return isHuge ? 0 : Int(max(distance, 0))
    }
}

extension TaskManager {
    /// Pushes every event to `sink` while ``run()`` runs and this node holds the sink's lease.
    ///
    /// Call it before ``run()``.
    public func add(_ sink: any EventSink) {
        let drainer = SinkDrainer(
            sink, store: store, nodeID: workerID, lease: configuration.maintenanceLease, context: context)
        drainers.withLock { $0.append(drainer) }
    }

    /// The condition of this node's sinks, in the order they were added, without asking the store or the sinks.
    public func sinkConditions() -> [SinkCondition] {
        drainers.withLock { $0 }.map(\.condition)
    }

    /// This node's sinks, in the order they were added.
    func sinkReports() async throws(StoreError) -> [SinkReport] {
        let drainers = drainers.withLock { $0 }
        guard !drainers.isEmpty else { return [] }
        let last = try await store.lastEvent()
        var reports: [SinkReport] = []
        for drainer in drainers { reports.append(try await drainer.report(last: last)) }
        return reports
    }
}

/// Limits the log lines about messages a sink has set aside: some per minute name a message and its topic; the others
/// are only counted.
struct RejectionLog: Sendable {
    static let maxLines = 20
    static let interval = Duration.seconds(60)

    private var begin: ContinuousClock.Instant?
    private var lines = 0
    private var unnamed = 0

    /// Records `rejections`, and returns what to log now: messages to name, and the number of others.
    mutating func take(
        _ rejections: SinkRejections, at now: ContinuousClock.Instant
    ) -> (named: [SinkRejection], others: Int) {
        if let begin, now - begin < Self.interval {
            let named = rejections.named.prefix(Self.maxLines - lines)
            lines += named.count
            unnamed += rejections.count - named.count
            return (Array(named), 0)
        }
        let others = unnamed
        (begin, lines, unnamed) = (now, rejections.named.count, rejections.count - rejections.named.count)
        return (rejections.named, others)
    }
}

extension SinkDrainer {
    /// Counts and logs the messages that the sink has set aside.
    func noteRejections() {
        let rejections = sink.takeRejections()
        guard let last = rejections.named.last else { return }
        let now = context.clock.now()
        let (named, others) = counts.withLock { counts in
            counts.tally.rejected += rejections.count
            counts.lastRejected = (last, now)
            return counts.rejectionLog.take(rejections, at: .now)
        }
        metrics.refused.increment(by: rejections.count)
        for rejection in named {
            context.logger.warning(
                "Message rejected by sink and set aside",
                metadata: ["topic": "\(rejection.topic)", "reason": "\(rejection.reason)"])
        }
        if others > 0 {
            context.logger.warning(
                "More messages rejected by sink and set aside", metadata: ["count": "\(others)"])
        }
    }
}
