public import XQueueCore

/// Statistics of the queue. Values that span all types are nil for a token limited to some types.
public struct ServerStatistics: Sendable, Hashable, Decodable {
    /// Number of tasks, by status.
    public let counts: [TaskStatus: Int]
    /// Total number of tasks.
    public let totalTasks: Int
    /// Maximum number of tasks that the node runs simultaneously.
    public let totalWorkers: Int?
    /// Number of tasks that the node is running.
    public let activeWorkers: Int?
    /// Number of attempts on the node that ignore a request to stop.
    public let stuckWorkers: Int?
    /// The live nodes and workers.
    public let workers: [QueueWorker]
    /// How long the oldest ready task has waited; nil also if none is ready.
    public let oldestPendingAge: Duration?
    /// Rates per second over the last minute.
    public let rates: Rates
    /// The task types, ordered by name.
    public let types: [QueueType]
    /// Concurrency keys in use; not all of them if there are many.
    public let concurrencyKeys: [ConcurrencyKey]
    /// Number of concurrency keys in use.
    public let keysInUse: Int
    /// The event sinks.
    public let sinks: [Sink]
    /// The durable log in front of the store; nil also if there is none.
    public let intake: Intake?
    /// How long the node has been running.
    public let uptime: Duration
    /// Name of the node that replied.
    public let instanceID: String
    /// Version of its program.
    public let version: String

    /// Rates per second over the last minute.
    public struct Rates: Sendable, Hashable, Decodable {
        /// Accepted tasks.
        public let submitted: Double?
        /// Started attempts.
        public let started: Double?
        /// Tasks that succeeded.
        public let succeeded: Double?
        /// Tasks that failed.
        public let failed: Double?
        /// Retried attempts.
        public let retried: Double?
        /// Canceled tasks.
        public let canceled: Double?
        /// Tasks that exceeded their queue timeout.
        public let timedOut: Double?

        enum CodingKeys: String, CodingKey {
            case submitted, started, succeeded, failed, retried, canceled
            case timedOut = "timed_out"
        }
    }

    /// A concurrency key.
    public struct ConcurrencyKey: Sendable, Hashable, Decodable {
        /// The key.
        public let key: String
        /// Number of its running tasks.
        public let held: Int
        /// Its concurrency limit.
        public let limit: Int
        /// Number of its tasks that wait for others of the key.
        public let waiting: Int
    }

    /// An event sink.
    public struct Sink: Sendable, Hashable, Decodable {
        /// Name of the sink.
        public let name: String
        /// Whether this node pushes the events.
        public let draining: Bool
        /// Whether the sink is connected, if known.
        public let connected: Bool?
        /// Number of events delivered.
        public let delivered: Int
        /// Number of events pruned before they were pushed.
        public let lost: Int
        /// Number of events that the sink rejected.
        public let refused: Int
        /// Why events are waiting now.
        public let error: String?
        /// Cursor of the last acknowledged event.
        public let cursor: String
        /// Number of events waiting, if known.
        public let lag: Int?
    }

    /// The log in front of the store.
    public struct Intake: Sendable, Hashable, Decodable {
        /// Name of the log.
        public let name: String
        /// Why it is unusable now.
        public let error: String?
        /// Whether reading is suspended because the store accepts no more tasks.
        public let held: Bool
        /// Number of tasks that this node moved into the store.
        public let fed: Int
        /// Number of records that this node found in the store already.
        public let known: Int
        /// Number of records that became no tasks of their own, because another one held the unique key.
        public let deduplicated: Int
        /// Number of records that this node set aside because they are not tasks.
        public let rejected: Int
        /// Number of tasks waiting in the log, if known.
        public let lag: Int?
        /// The partitions, ordered by number.
        public let partitions: [Partition]

        /// A partition of the log.
        public struct Partition: Sendable, Hashable, Decodable {
            /// Number of the partition.
            public let partition: Int
            /// Offset up to which tasks are in the store, if known.
            public let committed: Int?
            /// End offset.
            public let end: Int
            /// Number of tasks waiting.
            public let lag: Int
            /// Whether this node reads it.
            public let assigned: Bool
        }
    }

    /// Decodes statistics.
    ///
    /// - Parameter decoder: The decoder to read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        counts = try TaskStatus.counts { try object.value("\($0.rawValue)_tasks") }
        totalTasks = try object.value("total_tasks")
        totalWorkers = try object.optional("total_workers")
        activeWorkers = try object.optional("active_workers")
        stuckWorkers = try object.optional("stuck_workers")
        workers = try object.value("workers")
        oldestPendingAge = try object.optionalDuration("oldest_pending_age")
        rates = try object.value("rates")
        types = try object.value("types")
        concurrencyKeys = try object.value("concurrency_keys")
        keysInUse = try object.value("concurrency_keys_in_use")
        sinks = try object.value("sinks")
        intake = try object.optional("intake")
        uptime = try object.duration("uptime")
        instanceID = try object.value("instance_id")
        version = try object.value("version")
    }
}
