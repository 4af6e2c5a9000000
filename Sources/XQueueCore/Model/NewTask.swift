/// What is asked when a task is submitted, before a store has accepted it.
public struct NewTask: Sendable, Hashable {
    /// When the task becomes ready.
    public enum Schedule: Sendable, Hashable {
        case now
        /// So long after the store accepted it.
        case after(Duration)
        /// At this time, or at once if it is past.
        case at(Timestamp)
    }

    public var id: TaskID
    public var type: String
    public var payload: RawJSON
    /// Larger runs first.
    public var priority: Int32
    /// How many attempts may follow the first one.
    public var maxRetry: Int
    /// How long the task may wait for its first attempt; nil for as long as it takes.
    public var queueTimeout: Duration?
    /// How long one attempt may run; nil for as long as it takes.
    public var processTimeout: Duration?
    public var concurrency: ConcurrencyLimit?
    /// While a task of the type with this key is unfinished, another one is not accepted.
    public var uniqueKey: String?
    public var retryPolicy: RetryPolicy
    public var schedule: Schedule
    /// The trace the task belongs to.
    public var trace: TraceContext?

    public init(
        id: TaskID,
        type: String,
        payload: RawJSON = .null,
        priority: Int32 = 0,
        maxRetry: Int = 3,
        queueTimeout: Duration? = .seconds(600),
        processTimeout: Duration? = .seconds(600),
        concurrency: ConcurrencyLimit? = nil,
        uniqueKey: String? = nil,
        retryPolicy: RetryPolicy = .standard,
        schedule: Schedule = .now,
        trace: TraceContext? = nil
    ) {
        self.id = id
        self.type = type
        self.payload = payload
        self.priority = priority
        self.maxRetry = maxRetry
        self.queueTimeout = queueTimeout
        self.processTimeout = processTimeout
        self.concurrency = concurrency
        self.uniqueKey = uniqueKey
        self.retryPolicy = retryPolicy
        self.schedule = schedule
        self.trace = trace
    }
}

/// A task runs only while fewer than `limit` tasks with the same `key` run, across all nodes.
public struct ConcurrencyLimit: Sendable, Hashable {
    public var key: String
    public var limit: Int

    public init(key: String, limit: Int = 1) {
        self.key = key
        self.limit = limit
    }
}
