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
