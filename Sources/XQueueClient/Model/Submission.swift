public import XQueueCore

/// A task to submit. Nil fields take the server's defaults.
public struct Submission: Sendable, Hashable {
    /// Task type: 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    public var type: String
    /// Input of the handler; nil = null.
    public var payload: RawJSON?
    /// Priority; larger runs first.
    public var priority: Int?
    /// Maximum number of retries.
    public var maxRetry: Int?
    /// Maximum wait for the first attempt; zero = no limit.
    public var queueTimeout: Duration?
    /// Maximum duration of an attempt; zero = no limit.
    public var processTimeout: Duration?
    /// Tasks with the same key share a concurrency limit.
    public var concurrencyKey: String?
    /// Concurrency limit of the key.
    public var maxConcurrency: Int?
    /// Delay before the task may run; cannot be combined with ``runAt``.
    public var delay: Duration?
    /// Earliest start.
    public var runAt: Timestamp?
    /// If a task of the type with this key is unfinished, submitting returns that task: short for a ``unique`` with a key only.
    public var uniqueKey: String?
    /// Which other tasks exclude this one; cannot be combined with ``uniqueKey``.
    public var unique: Unique?
    /// Identifier of your own (UUIDv7); submitting it again returns the existing task.
    public var id: TaskID?
    /// Metadata for handlers and events: a JSON object of at most 4096 bytes.
    public var metadata: RawJSON?
    /// How failed attempts are retried.
    public var retryPolicy = Retry()

    /// How failed attempts are retried. Nil fields take the server's defaults.
    public struct Retry: Sendable, Hashable {
        /// Growth of the delays between attempts.
        public var strategy: RetryPolicy.Strategy?
        /// First delay.
        public var delay: Duration?
        /// Maximum delay.
        public var maxDelay: Duration?
        /// Random variation of a delay in either direction, as a fraction from 0 to 1.
        public var jitter: Double?

        /// Creates a policy with the server's defaults.
        public init() {}

        /// Whether every field takes the server's default.
        package var isEmpty: Bool { self == Retry() }
    }

    /// Creates a submission with the server's defaults.
    ///
    /// - Parameters:
    ///   - type: The task type.
    ///   - payload: Input of the handler; nil = null.
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
            if let unique { writer.unique(unique) }
            if let metadata { writer.member("metadata", metadata) }
            if let id { writer.member("id", id.description) }
            if !retryPolicy.isEmpty { writer.retryPolicy(retryPolicy) }
        }
        return writer.text
    }
}

extension JSONWriter {
    /// Writes the member `retry_policy`.
    mutating func retryPolicy(_ retry: Submission.Retry?) {
        name("retry_policy")
        guard let retry else { return null() }
        object { writer in
            if let strategy = retry.strategy { writer.member("strategy", strategy.rawValue) }
            if let delay = retry.delay { writer.member("delay", delay) }
            if let maxDelay = retry.maxDelay { writer.member("max_delay", maxDelay) }
            if let jitter = retry.jitter { writer.member("jitter", jitter) }
        }
    }
}
