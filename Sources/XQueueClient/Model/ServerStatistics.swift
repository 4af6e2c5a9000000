public import XQueueCore

/// The queue in numbers. What is only known of all types together is nil for a token that is limited to some.
public struct ServerStatistics: Sendable, Hashable, Decodable {
    /// How many tasks there are of each status.
    public let counts: [TaskStatus: Int]
    /// How many tasks there are.
    public let totalTasks: Int
    /// How many tasks this node runs at once.
    public let totalWorkers: Int?
    /// How many tasks this node runs now.
    public let activeWorkers: Int?
    /// How many attempts on this node do not end though they were asked to.
    public let stuckWorkers: Int?
    /// The live nodes and workers.
    public let workers: [QueueWorker]
    /// How long the oldest task that is ready has waited; nil also if none is.
    public let oldestPendingAge: Duration?
    /// How often a second things happened, over the last minute.
    public let rates: Rates
    /// The task types, by name.
    public let types: [QueueType]
    /// Concurrency keys in use, not all of them if there are many.
    public let concurrencyKeys: [ConcurrencyKey]
    /// How many concurrency keys are in use.
    public let keysInUse: Int
    /// Where events are pushed to.
    public let sinks: [Sink]
    /// The log in front of the store; nil also if there is none.
    public let intake: Intake?
    /// How long the node has run.
    public let uptime: Duration
    /// The node that answered.
    public let instanceID: String
    /// The version of its program.
    public let version: String

    /// How often a second things happened, over the last minute.
    public struct Rates: Sendable, Hashable, Decodable {
        /// Tasks that were accepted.
        public let submitted: Double?
        /// Attempts that began.
        public let started: Double?
        /// Tasks that succeeded.
        public let succeeded: Double?
        /// Tasks that failed.
        public let failed: Double?
        /// Attempts that are repeated.
        public let retried: Double?
        /// Tasks that were canceled.
        public let canceled: Double?
        /// Tasks that waited for too long.
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
        /// How many of its tasks run.
        public let held: Int
        /// How many of its tasks run at once.
        public let limit: Int
        /// How many of its tasks wait for others of them.
        public let waiting: Int
    }

    /// A place that events are pushed to.
    public struct Sink: Sendable, Hashable, Decodable {
        /// Its name.
        public let name: String
        /// Whether this node is the one that pushes.
        public let draining: Bool
        /// Whether it is connected, if that is known.
        public let connected: Bool?
        /// How many events it took.
        public let delivered: Int
        /// How many events were gone before they were pushed.
        public let lost: Int
        /// How many events it would not take.
        public let refused: Int
        /// Why events wait now.
        public let error: String?
        /// Up to where it has acknowledged events: the cursor of the last one.
        public let cursor: String
        /// How many events wait, if that is known.
        public let lag: Int?
    }

    /// The log in front of the store.
    public struct Intake: Sendable, Hashable, Decodable {
        /// Its name.
        public let name: String
        /// Why it cannot be used now.
        public let error: String?
        /// Whether it is not read now because the store takes no more.
        public let held: Bool
        /// How many tasks this node took from it.
        public let fed: Int
        /// How many of its records this node found in the store already.
        public let known: Int
        /// How many of its tasks this node left out, since an unfinished task had their unique key.
        public let deduplicated: Int
        /// How many of its records this node put aside, since they are no tasks.
        public let rejected: Int
        /// How many tasks wait in it, if that is known.
        public let lag: Int?
        /// Its parts, by number.
        public let partitions: [Partition]

        /// A part of the log.
        public struct Partition: Sendable, Hashable, Decodable {
            /// Its number.
            public let partition: Int
            /// Up to where its tasks are in the store, if that is known.
            public let committed: Int?
            /// Where it ends.
            public let end: Int
            /// How many tasks wait in it.
            public let lag: Int
            /// Whether this node reads it.
            public let assigned: Bool
        }
    }

    /// Reads statistics.
    ///
    /// - Parameter decoder: What they are read from.
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
