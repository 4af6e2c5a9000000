/// The size of the batches in which tasks are fed from the log into the store.
public struct IntakeBatch: Sendable, Hashable {
    /// Maximum number of tasks per batch, at least 1. A smaller batch is fed as soon as no more are waiting.
    public var size: Int
    /// Maximum wait for the first task.
    public var timeout: Duration

    public init(size: Int = 100, timeout: Duration = .seconds(5)) {
        self.size = size
        self.timeout = timeout
    }
}

/// Settings of a ``TaskManager``, including all limits of the runtime.
public struct QueueConfiguration: Sendable, Hashable {
    /// This node's name, unique in the cluster. The default consists of the host's name, the process ID and a random
    /// part.
    public var workerID: String?
    /// Whether this process runs handlers. If not, it submits, queries and does maintenance, and registered handlers
    /// are ignored.
    public var runsWorkers: Bool = true
    /// Whether this process answers HTTP requests. Only reported to the other nodes; nothing depends on it.
    public var servesAPI: Bool = false
    /// The program's version, as shown to the other nodes.
    public var version: String = "dev"
    /// Maximum number of concurrent handlers in this process.
    public var maxConcurrency: Int = 100
    /// Defaults for submissions.
    public var defaults = SubmissionDefaults()
    /// Interval of heartbeats; a lease lasts three times as long.
    public var heartbeatInterval: Duration = .seconds(30)
    /// Maximum time a concurrency token outlives its last heartbeat; shortens the lease if smaller.
    public var semaphoreExpiration: Duration = .seconds(300)
    /// Whether handlers are asked to stop when their lease expires because the store is unreachable: other nodes may
    /// run their tasks then. No effect with a store that only one process uses.
    public var stopsOnLostLease: Bool = true
    /// How long a handler has to stop after a cancellation or timeout, and how long all of them have at shutdown.
    public var gracePeriod: Duration = .seconds(30)
    /// How long handlers still running after the grace period at shutdown have to stop before their tasks are released
    /// without them.
    public var stopPeriod: Duration = .seconds(5)
    /// Interval of pruning ended tasks.
    public var cleanupInterval: Duration = .seconds(300)
    /// How long ended tasks are kept.
    public var retentionAge: Duration = .seconds(7 * 86_400)
    /// How many ended tasks are kept.
    public var retentionCount: Int = 1_000_000
    /// Maximum number of tasks pruned or swept per step.
    public var maintenanceBatch: Int = 500
    /// Maximum time between a worker's claims, in case a signal was lost.
    public var pollInterval: Duration = .seconds(5)
    /// Maximum number of tasks per submission call.
    public var maxBatch: Int = 1000
    /// Batches fed from the log in front of the store, if there is one.
    public var intakeBatch = IntakeBatch()
    /// Maximum size of a payload or result, in bytes.
    public var maxPayloadBytes: Int = 1 << 20
    /// Maximum number of remote workers that this process registers, and of their waiting lease requests.
    public var maxRemoteWorkers: Int = 5000
    /// Maximum number of event subscribers in this process, through the Swift and HTTP APIs together.
    public var maxSubscribers: Int = 10_000
    /// Approximate number of bytes of events buffered for one subscriber. Beyond that it receives events at its own
    /// pace, and is cut off once it is some thousand events behind.
    public var maxSubscriberBytes: Int = 256 << 10
    /// Maximum number of values (tasks, types and statuses) in the filters of one subscriber.
    public var maxFilterValues: Int = 1000
    /// Maximum number of values in the filters of all subscribers of this process.
    public var maxAllFilterValues: Int = 200_000

    public init() {}

    /// How long a lease lasts without a heartbeat.
    public var leaseDuration: Duration { min(heartbeatInterval * 3, semaphoreExpiration) }

    /// How often leases are actually extended: three times within each.
    var leaseRenewalInterval: Duration { leaseDuration / 3 }

    /// Duration of the maintenance lease. Short enough for another node to take over before the leases of tasks that
    /// died with the node expire: nodes ask for it three times meanwhile, and a task's lease has at least two thirds
    /// of its time left.
    var maintenanceLease: Duration {
        max(min(leaseDuration / 2, .seconds(15)), .milliseconds(100))
    }
}
