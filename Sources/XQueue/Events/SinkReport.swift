import CoreMetrics
import Logging
import Synchronization
public import XQueueCore

/// One sink of this node, and how far it is behind.
public struct SinkReport: Sendable, Hashable {
    /// The sink's name in the store: `mqtt`.
    public let name: String
    /// Whether this node is the one that hands it the events.
    public let isDraining: Bool
    /// Whether this node is connected to it.
    public let isConnected: Bool
    /// What became of the events that this node had for it, since its start.
    public let tally: SinkTally
    /// Why this node can hand over nothing now; nil if it can, or if another node is the one to do it.
    public let problem: String?
    /// Up to where the sink has acknowledged events, whichever node handed it them.
    public let cursor: EventCursor
    /// How many events it has not acknowledged.
    public let lag: Int
}

/// What became of a sink's events, since the start of this node.
public struct SinkTally: Sendable, Hashable {
    /// How many events this node has handed over.
    public internal(set) var delivered = 0
    /// How many events this node found gone from the log before the sink took them.
    public internal(set) var lost = 0
    /// How many messages the other side has refused for good, and this node has put aside.
    public internal(set) var refused = 0
}

/// How one sink of this node is, as far as the node knows without asking anybody.
public struct SinkCondition: Sendable {
    /// The sink's name in the store: `mqtt`.
    public let name: String
    /// Why this node can hand over nothing now; nil if it can, or if another node is the one to do it.
    public let problem: String?
    /// How many messages the other side has refused for good since the start of this node.
    public let refused: Int
    /// The last of them, and when that was; nil if there is none.
    public let lastRefused: (refusal: SinkRefusal, at: Timestamp)?
}

/// What a drainer has counted since the start of this node.
struct SinkCounts: Sendable {
    var isConnected = false
    var tally = SinkTally()
    var problem: String?
    var lastRefused: (refusal: SinkRefusal, at: Timestamp)?
    var refusalLog = RefusalLog()
}

extension SinkDrainer {
    /// - Parameter last: The newest event's place.
    func report(last: EventCursor) async throws(StoreError) -> SinkReport {
        let cursor = try await store.sinkCursor(sink.name)
        let (isHere, counts) = state
        return SinkReport(
            name: sink.name, isDraining: isHere, isConnected: counts.isConnected, tally: counts.tally,
            problem: isHere ? counts.problem : nil, cursor: cursor,
            lag: Self.distance(from: cursor, to: last))
    }

    /// How the sink is, without a look into the store.
    var condition: SinkCondition {
        let (isHere, counts) = state
        return SinkCondition(
            name: sink.name, problem: isHere ? counts.problem : nil, refused: counts.tally.refused,
            lastRefused: counts.lastRefused)
    }

    /// How many events come after `cursor` up to `last`; 0 if the log has begun anew.
    static func distance(from cursor: EventCursor, to last: EventCursor) -> Int {
        let (distance, isHuge) = last.number.subtractingReportingOverflow(cursor.number)
        return isHuge ? 0 : Int(max(distance, 0))
    }
}

extension TaskManager {
    /// Pushes every event to `sink` while ``run()`` runs, if this node is the one of the cluster to do so.
    /// Only before ``run()``.
    public func add(_ sink: any EventSink) {
        let drainer = SinkDrainer(
            sink, store: store, nodeID: workerID, lease: configuration.maintenanceLease, context: context)
        drainers.withLock { $0.append(drainer) }
    }

    /// How the sinks of this node are, in the order they were added. Nobody is asked.
    public func sinkConditions() -> [SinkCondition] {
        drainers.withLock { $0 }.map(\.condition)
    }

    /// The sinks of this node, in the order they were added.
    func sinkReports() async throws(StoreError) -> [SinkReport] {
        let drainers = drainers.withLock { $0 }
        guard !drainers.isEmpty else { return [] }
        let last = try await store.lastEvent()
        var reports: [SinkReport] = []
        for drainer in drainers { reports.append(try await drainer.report(last: last)) }
        return reports
    }
}

/// Tells an operator what a sink has put aside: each message with its topic, so many a minute, and then their number.
struct RefusalLog: Sendable {
    static let mostLines = 20
    static let interval = Duration.seconds(60)

    private var begin: ContinuousClock.Instant?
    private var lines = 0
    private var untold = 0

    /// What is to be said now.
    ///
    /// - Returns: Messages by name, and how many others there are to be told of.
    mutating func take(
        _ refusals: SinkRefusals, at now: ContinuousClock.Instant
    ) -> (named: [SinkRefusal], others: Int) {
        if let begin, now - begin < Self.interval {
            let named = refusals.named.prefix(Self.mostLines - lines)
            lines += named.count
            untold += refusals.count - named.count
            return (Array(named), 0)
        }
        let others = untold
        (begin, lines, untold) = (now, refusals.named.count, refusals.count - refusals.named.count)
        return (refusals.named, others)
    }
}

extension SinkDrainer {
    /// Counts and tells what the sink has put aside.
    func noteRefusals() {
        let refusals = sink.takeRefusals()
        guard let last = refusals.named.last else { return }
        let now = context.clock.now()
        let (named, others) = counts.withLock { counts in
            counts.tally.refused += refusals.count
            counts.lastRefused = (last, now)
            return counts.refusalLog.take(refusals, at: .now)
        }
        metrics.refused.increment(by: refusals.count)
        for refusal in named {
            context.logger.warning(
                "A sink does not take a message; it is put aside",
                metadata: ["topic": "\(refusal.topic)", "reason": "\(refusal.reason)"])
        }
        if others > 0 {
            context.logger.warning(
                "A sink did not take further messages; they are put aside", metadata: ["count": "\(others)"])
        }
    }
}
