public import XQueueCore

/// A snapshot of the queue, as one node sees it. Numbers of other nodes are as old as their last heartbeat.
public struct QueueStatistics: Sendable {
    public package(set) var store: StoreStatistics
    public package(set) var types: [TypeReport]
    /// The live nodes, by identifier.
    public package(set) var nodes: [NodeRecord]
    /// The load of all nodes together.
    public let workers: WorkerLoad
    /// The sinks that this node pushes events to, and how far each has got.
    public let sinks: [SinkReport]
    /// The durable log in front of the store; nil if there is none.
    public let intake: IntakeReport?
    /// This node's name.
    public let workerID: String
    /// How long this node has been up.
    public let uptime: Duration
}

/// One task type, and whether a live node serves it.
public struct TypeReport: Sendable {
    public let state: TypeState
    /// Whether a live node serves the type; if not, its tasks wait.
    public let hasHandler: Bool
}
