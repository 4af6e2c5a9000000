/// How many tasks are fed from the log into the store at once.
public struct IntakeBatch: Sendable, Hashable {
    /// The most tasks of a batch, from 1. A batch that has any is fed as soon as no more are waiting.
    public var size: Int
    /// The longest to wait for the first one.
    public var timeout: Duration

    public init(size: Int = 100, timeout: Duration = .seconds(5)) {
        self.size = size
        self.timeout = timeout
    }
}

/// How a ``TaskManager`` runs tasks. Every bound of the runtime has its name here.
public struct QueueConfiguration: Sendable, Hashable {
    /// This node's name; must differ between nodes. The default is made of the host's name, the process
    /// and a random part.
    public var workerID: String?
    /// Whether this process runs handlers. Without, it submits, asks and does maintenance; what is
    /// registered with it does not count.
    public var runsWorkers: Bool = true
    /// Whether this process answers HTTP requests. Only the other nodes are told; nothing depends on it.
    public var servesAPI: Bool = false
    /// The version of the program, for the other nodes to see.
    public var version: String = "dev"
    /// The most handlers that run at once in this process.
    public var maxConcurrency: Int = 100
    /// What a submission that leaves something out gets.
    public var defaults = SubmissionDefaults()
    /// How often running attempts are confirmed to the store; a lease lasts three times as long.
    public var heartbeatInterval: Duration = .seconds(30)
    /// The longest a concurrency token outlives its last heartbeat; shortens the lease if smaller.
    public var semaphoreExpiration: Duration = .seconds(300)
    /// Whether handlers are asked to stop when their lease has run out here because the store could not be reached: other
    /// nodes may have their tasks then. Means nothing with a store that one process has to itself.
    public var stopsOnLostLease: Bool = true
    /// How long a handler has to stop after a cancel or a timeout, and all of them at shutdown.
    public var gracePeriod: Duration = .seconds(30)
    /// How long handlers that outlast the grace period at shutdown have to stop before their tasks are
    /// returned without them.
    public var stopPeriod: Duration = .seconds(5)
    /// How often ended tasks are looked through for ones to remove.
    public var cleanupInterval: Duration = .seconds(300)
    /// How long ended tasks are kept.
    public var retentionAge: Duration = .seconds(7 * 86_400)
    /// How many ended tasks are kept.
    public var retentionCount: Int = 1_000_000
    /// The most tasks removed, or moved by time, in one step.
    public var maintenanceBatch: Int = 500
    /// The longest a worker waits before it looks for tasks without having been woken.
    public var pollInterval: Duration = .seconds(5)
    /// The most tasks one submission call may hold.
    public var maxBatch: Int = 1000
    /// How tasks are fed from the log in front of the store, if there is one.
    public var intakeBatch = IntakeBatch()
    /// The largest payload or result, in bytes.
    public var maxPayloadBytes: Int = 1 << 20
    /// The most remote workers that this process announces, and whose requests for tasks wait here.
    public var maxRemoteWorkers: Int = 5000
    /// The most subscribers to events in this process, of the Swift and of the HTTP API.
    public var maxSubscribers: Int = 10_000
    /// About how many bytes of events may wait for one subscriber to take them. Beyond, it gets them as fast as it takes
    /// them, and is cut off once it is some thousand events behind.
    public var maxSubscriberBytes: Int = 256 << 10
    /// The most values (tasks, types and statuses) that the filters of one subscriber name.
    public var maxFilterValues: Int = 1000
    /// The most values that the filters of all subscribers of this process name together.
    public var maxAllFilterValues: Int = 200_000

    public init() {}

    /// How long a lease lasts without a heartbeat.
    public var leaseDuration: Duration { min(heartbeatInterval * 3, semaphoreExpiration) }

    /// How often leases are really extended: three times within each lease.
    var leaseRenewalInterval: Duration { leaseDuration / 3 }

    /// How long a node does maintenance without renewing that. Short enough for another to take over
    /// before the leases of tasks that died with the node are lost: it asks three times meanwhile, and a
    /// task's lease has two thirds of its time left at least.
    var maintenanceLease: Duration {
        max(min(leaseDuration / 2, .seconds(15)), .milliseconds(100))
    }
}
