public import XQueueCore

/// The queue at one moment, as one node sees it.
public struct QueueStatistics: Sendable {
    public let store: StoreStatistics
    public let types: [TypeReport]
    public let workers: WorkerLoad
    public let workerID: String
    /// How long this node has been up.
    public let uptime: Duration
}

/// One task type, and whether anybody serves it.
public struct TypeReport: Sendable {
    public let state: TypeState
    /// True if a live handler serves the type; without one its tasks wait.
    public let hasHandler: Bool
}

/// How busy a pool of workers is.
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
