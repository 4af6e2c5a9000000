public import XQueueCore

/// A task to submit. What is nil takes the server's default.
public struct Submission: Sendable, Hashable {
    /// Which handler runs it, 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    public var type: String
    /// What the handler is given; nil is null.
    public var payload: RawJSON?
    /// Larger runs first.
    public var priority: Int?
    /// How many attempts may follow the first one.
    public var maxRetry: Int?
    /// How long it may wait for its first attempt; zero for ever.
    public var queueTimeout: Duration?
    /// How long an attempt may run; zero for ever.
    public var processTimeout: Duration?
    /// Tasks with the same key share a limit.
    public var concurrencyKey: String?
    /// How many tasks of the key run at once.
    public var maxConcurrency: Int?
    /// How long to wait before it may run; not beside ``runAt``.
    public var delay: Duration?
    /// When it may run.
    public var runAt: Timestamp?
    /// While a task with this key is unfinished, it answers for this one.
    public var uniqueKey: String?
    /// An identifier of your own, a UUID of version 7: submitting it again gives the same task.
    public var id: TaskID?
    /// What handlers and events are given beside the payload: a JSON object of at most 4096 bytes.
    public var metadata: RawJSON?
    /// How attempts that failed are repeated.
    public var retryPolicy = Retry()

    /// How attempts that failed are repeated. What is nil takes the server's default.
    public struct Retry: Sendable, Hashable {
        /// How waits between attempts grow.
        public var strategy: RetryPolicy.Strategy?
        /// The first wait.
        public var delay: Duration?
        /// The longest wait.
        public var maxDelay: Duration?
        /// By which part a wait is made longer or shorter at random, 0 to 1.
        public var jitter: Double?

        /// The server's defaults.
        public init() {}

        /// Whether all of it is the server's default.
        package var isEmpty: Bool { self == Retry() }
    }

    /// Describes a task with the server's defaults.
    ///
    /// - Parameters:
    ///   - type: Which handler runs it.
    ///   - payload: What the handler is given; nil is null.
    public init(type: String, payload: RawJSON? = nil) {
        self.type = type
        self.payload = payload
    }

    /// The body of the request.
    package var json: String {
        var writer = JSONWriter(capacity: 512 + (payload?.text.utf8.count ?? 0))
        writer.object { writer in
            writer.member("type", type)
            if let payload { writer.member("payload", payload) }
            if let priority { writer.member("priority", priority) }
            if let maxRetry { writer.member("max_retry", maxRetry) }
            if let queueTimeout { writer.member("queue_timeout", queueTimeout) }
            if let processTimeout { writer.member("process_timeout", processTimeout) }
            if let concurrencyKey { writer.member("concurrency_key", concurrencyKey) }
            if let maxConcurrency { writer.member("max_concurrency", maxConcurrency) }
            if let delay { writer.member("delay", delay) }
            if let runAt { writer.member("run_at", runAt) }
            if let uniqueKey { writer.member("unique_key", uniqueKey) }
            if let metadata { writer.member("metadata", metadata) }
            if let id { writer.member("id", id.description) }
            if !retryPolicy.isEmpty { write(retryPolicy, to: &writer) }
        }
        return writer.text
    }

    private func write(_ retry: Retry, to writer: inout JSONWriter) {
        writer.name("retry_policy")
        writer.object { writer in
            if let strategy = retry.strategy { writer.member("strategy", strategy.rawValue) }
            if let delay = retry.delay { writer.member("delay", delay) }
            if let maxDelay = retry.maxDelay { writer.member("max_delay", maxDelay) }
            if let jitter = retry.jitter { writer.member("jitter", jitter) }
        }
    }
}
