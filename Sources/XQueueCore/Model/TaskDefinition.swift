/// What is asked of a task. It never changes once a store has accepted the task.
public struct TaskDefinition: Sendable, Hashable {
    /// 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    public var type: String
    public var payload: RawJSON
    /// Larger runs first.
    public var priority: Int32 = 0
    /// How many attempts may follow the first one, 0 to 1000.
    public var maxRetry = 3
    /// How long the task may wait for its first attempt; nil for as long as it takes.
    public var queueTimeout: Duration? = .seconds(600)
    /// How long one attempt may run; nil for as long as it takes.
    public var processTimeout: Duration? = .seconds(600)
    public var concurrency: ConcurrencyLimit?
    /// 1 to 256 bytes. While a task of the type with this key is unfinished, another one is not accepted.
    public var uniqueKey: String?
    public var retryPolicy = RetryPolicy.standard
    /// The trace its submission belongs to.
    public var trace: TraceContext?
    /// What its submitter wants to find again in handlers and events: a JSON object of at most ``mostMetadata`` bytes,
    /// kept byte for byte.
    public var metadata: RawJSON?

    /// The most bytes of JSON that ``metadata`` may be.
    public static let mostMetadata = 4096

    /// A task with the defaults of everything but its type and payload.
    ///
    /// - Parameters:
    ///   - type: Which handler runs it.
    ///   - payload: What the handler is given.
    public init(type: String, payload: RawJSON = .null) {
        self.type = type
        self.payload = payload
    }

    /// How many bytes the parts have that may be large.
    package var contentBytes: Int { payload.text.utf8.count + (metadata?.text.utf8.count ?? 0) }

    /// The definition without those parts and its trace.
    package var abridged: TaskDefinition {
        var definition = self
        (definition.payload, definition.trace, definition.metadata) = (.null, nil, nil)
        return definition
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
