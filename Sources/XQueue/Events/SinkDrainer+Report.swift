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
    /// How many events this node has handed to it, since its start.
    public let delivered: Int
    /// How many events this node found gone from the log before the sink took them, since its start.
    public let lost: Int
    /// Up to where the sink has acknowledged events, whichever node handed it them.
    public let cursor: EventCursor
    /// How many events it has not acknowledged.
    public let lag: Int
}

/// What a drainer has counted since the start of this node.
struct SinkCounts: Sendable {
    var isConnected = false
    var delivered = 0
    var lost = 0
}

extension SinkDrainer {
    /// - Parameter last: The newest event's place.
    func report(last: EventCursor) async throws(StoreError) -> SinkReport {
        let cursor = try await store.sinkCursor(sink.name)
        let (isHere, counts) = state
        return SinkReport(
            name: sink.name, isDraining: isHere, isConnected: counts.isConnected, delivered: counts.delivered,
            lost: counts.lost, cursor: cursor, lag: max(Int(last.number.subtracting(clamped: cursor.number)), 0))
    }
}

extension TaskManager {
    /// Pushes every event to `sink` while ``run()`` runs, if this node is the one of the cluster to do so.
    /// Only before ``run()``.
    public func add(_ sink: any EventSink) {
        let drainer = SinkDrainer(
            sink, store: store, nodeID: workerID, lease: configuration.maintenanceLease, metrics: metrics,
            clock: clock, random: random, logger: logger)
        drainers.withLock { $0.append(drainer) }
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
