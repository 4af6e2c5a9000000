/// What a task is to do, and how. Only the rewriting of a waiting task changes it once a store has accepted the task.
public struct TaskDefinition: Sendable, Hashable {
    /// 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    public var type: String
    public var payload: RawJSON
    /// Larger values run first.
    public var priority: Int32 = 0
    /// Maximum number of retries, 0 to 1000.
    public var maxRetry = 3
    /// How long the task may wait for its first attempt; nil for no limit.
    public var queueTimeout: Duration? = .seconds(600)
    /// How long one attempt may run; nil for no limit.
    public var processTimeout: Duration? = .seconds(600)
    public var concurrency: ConcurrencyLimit?
    /// Which other tasks there may not be meanwhile.
    public var unique: UniqueRule?
    public var retryPolicy = RetryPolicy.standard
    /// The trace its submission belongs to.
    public var trace: TraceContext?
    /// Data for the submitter's own use, available to handlers and in events: a JSON object of at most
    /// ``maxMetadataBytes`` bytes, kept byte for byte.
    public var metadata: RawJSON?
    /// The tick it was submitted for; nil if no schedule submitted it. Set by the queue only.
    public var scheduled: ScheduledTick?

    /// Maximum size of ``metadata``, in bytes of JSON.
    public static let maxMetadataBytes = 4096

    /// A task with defaults for everything but its type and payload.
    ///
    /// - Parameters:
    ///   - type: Which handler runs it.
    ///   - payload: The handler's input.
    public init(type: String, payload: RawJSON = .null) {
        self.type = type
        self.payload = payload
    }

    /// The key of ``unique``. Setting it sets the usual rule: while a task of the same type with the key is unfinished, no other
    /// is accepted.
    public var uniqueKey: String? {
        get { unique?.key }
        set { unique = newValue.map { UniqueRule(key: $0) } }
    }

    /// Total size of the parts that may be large, in bytes.
    package var contentBytes: Int { payload.text.utf8.count + (metadata?.text.utf8.count ?? 0) }

    /// The definition without its large parts and its trace.
    package var abridged: TaskDefinition {
        var definition = self
        (definition.payload, definition.trace, definition.metadata) = (.null, nil, nil)
        return definition
    }
}

/// A limit on running tasks: at most `limit` tasks with the same `key` run at once, across all nodes.
public struct ConcurrencyLimit: Sendable, Hashable {
    public var key: String
    public var limit: Int

    public init(key: String, limit: Int = 1) {
        self.key = key
        self.limit = limit
    }
}
