public import XQueueCore

/// The queue at one moment, as one node sees it. Numbers of other nodes are as old as their last heartbeat.
public struct QueueStatistics: Sendable {
    public package(set) var store: StoreStatistics
    public package(set) var types: [TypeReport]
    /// The live nodes, by identifier.
    public package(set) var nodes: [NodeRecord]
    /// How busy all nodes are together.
    public let workers: WorkerLoad
    /// Where this node pushes events, and how far that is.
    public let sinks: [SinkReport]
    /// The durable log in front of the store; nil if there is none.
    public let intake: IntakeReport?
    /// This node.
    public let workerID: String
    /// How long this node has been up.
    public let uptime: Duration
}

/// One task type, and whether anybody serves it.
public struct TypeReport: Sendable {
    public let state: TypeState
    /// True if a live node serves the type; without one its tasks wait.
    public let hasHandler: Bool
}

/// How busy workers are.
public struct WorkerLoad: Sendable, Hashable {
    /// How many handlers may run at once.
    public var total: Int
    /// How many run now.
    public var active: Int
    /// How many of those did not stop when they were told to: their tasks have gone on without them, and
    /// they keep nothing but their slot.
    public var stuck: Int

    public init(total: Int, active: Int, stuck: Int) {
        self.total = total
        self.active = active
        self.stuck = stuck
    }
}
