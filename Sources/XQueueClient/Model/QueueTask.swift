public import XQueueCore

/// A task as a server tells it: what was asked, and where it stands.
public struct QueueTask: Sendable, Hashable, Decodable {
    /// Who it is.
    public let id: TaskID
    /// Which handler runs it.
    public let type: String
    /// What the handler is given, as it was submitted.
    public internal(set) var payload: RawJSON
    /// Larger runs first.
    public let priority: Int
    /// How many attempts may follow the first one.
    public let maxRetry: Int
    /// How long it may wait for its first attempt; zero for ever.
    public let queueTimeout: Duration
    /// How long an attempt may run; zero for ever.
    public let processTimeout: Duration
    /// Tasks with the same key share a limit.
    public let concurrencyKey: String?
    /// How many tasks of the key run at once.
    public let maxConcurrency: Int?
    /// While a task with this key is unfinished, it answers for others.
    public let uniqueKey: String?
    /// What its submitter gave it on its way, as it was submitted.
    public internal(set) var metadata: RawJSON?
    /// How attempts that failed are repeated.
    public let retryPolicy: RetryPolicy
    /// The trace that the task belongs to.
    public let trace: TraceContext?

    /// Where it stands.
    public let status: TaskStatus
    /// What a pending task waits for.
    public let pendingReason: PendingReason?
    /// The number of the attempt that runs or ran last; 0 before the first.
    public let attempt: Int
    /// How many attempts were repeated.
    public let retryCount: Int
    /// Why the last attempt failed.
    public let error: String?
    /// The attempts that failed.
    public let errors: [Failure]
    /// What the handler returned.
    public internal(set) var result: RawJSON?
    /// How far it is, 0 to 100.
    public let progress: Double?
    /// What it is at, in words.
    public let progressMessage: String?
    /// The worker that runs it, or ran it last.
    public let workerID: String?
    /// Counts the changes of its status.
    public let version: Int
    /// When it was submitted.
    public let createdAt: Timestamp
    /// When it last changed.
    public let updatedAt: Timestamp
    /// When it may run.
    public let runAt: Timestamp
    /// When its last attempt began.
    public let startedAt: Timestamp?
    /// When it ended.
    public let completedAt: Timestamp?
    /// When somebody asked a running task to stop.
    public let cancelRequestedAt: Timestamp?
    /// Whether it is not known yet if there will be a task with this identifier: it is in the log in front of the store,
    /// and another with the same unique key may be, too.
    public let isProvisional: Bool

    /// An attempt that failed.
    public struct Failure: Sendable, Hashable, Decodable {
        /// Its number, from 1.
        public let attempt: Int
        /// In which way: `error`, `timeout`, `lease_lost` and the like.
        public let kind: String
        /// Why.
        public let error: String
        /// Who ran it.
        public let workerID: String?
        /// When it began.
        public let startedAt: Timestamp?
        /// When it ended.
        public let endedAt: Timestamp?

        /// Reads a failure.
        ///
        /// - Parameter decoder: What it is read from.
        public init(from decoder: any Decoder) throws {
            let object = try WireObject(decoder)
            attempt = try object.value("attempt")
            kind = try object.value("kind")
            error = try object.value("error")
            workerID = try object.optional("worker_id")
            startedAt = try object.optionalTime("started_at")
            endedAt = try object.optionalTime("ended_at")
        }
    }

    /// Reads a task.
    ///
    /// - Parameter decoder: What it is read from. A client keeps payload and result byte for byte; of another decoder's
    ///   they have the same value, with their members in another order.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        id = try object.id("id")
        type = try object.value("type")
        payload = try object.json("payload")
        priority = try object.value("priority")
        maxRetry = try object.value("max_retry")
        queueTimeout = try object.duration("queue_timeout")
        processTimeout = try object.duration("process_timeout")
        concurrencyKey = try object.optional("concurrency_key")
        maxConcurrency = try object.optional("max_concurrency")
        uniqueKey = try object.optional("unique_key")
        metadata = try object.optionalJSON("metadata")
        let policy: WireRetryPolicy = try object.value("retry_policy")
        retryPolicy = policy.policy
        let parent: String? = try object.optional("traceparent")
        let state: String? = try object.optional("tracestate")
        trace = parent.flatMap { TraceContext(parent: $0, state: state) }
        status = try object.word("status")
        pendingReason = try object.optionalWord("pending_reason")
        attempt = try object.value("attempt")
        retryCount = try object.value("retry_count")
        error = try object.optional("error")
        errors = try object.value("errors")
        result = try object.optionalJSON("result")
        progress = try object.optional("progress")
        progressMessage = try object.optional("progress_message")
        workerID = try object.optional("worker_id")
        version = try object.value("version")
        createdAt = try object.time("created_at")
        updatedAt = try object.time("updated_at")
        runAt = try object.time("run_at")
        startedAt = try object.optionalTime("started_at")
        completedAt = try object.optionalTime("completed_at")
        cancelRequestedAt = try object.optionalTime("cancel_requested_at")
        isProvisional = try object.optional("provisional") ?? false
    }
}

extension QueueTask: KeepsJSON {
    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError) {
        for member in try json.members() ?? [] {
            switch member.name {
            case "payload": payload = member.value
            case "metadata": metadata = member.value.kind == .null ? nil : member.value
            case "result": result = member.value.kind == .null ? nil : member.value
            default: continue
            }
        }
    }
}

/// How attempts are repeated, as it stands within a task.
private struct WireRetryPolicy: Decodable {
    let policy: RetryPolicy

    init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        policy = RetryPolicy(
            strategy: try object.word("strategy"), delay: try object.duration("delay"),
            maxDelay: try object.duration("max_delay"), jitter: try object.value("jitter"))
    }
}

/// A page of tasks.
public struct QueueTaskPage: Sendable, Hashable, Decodable {
    /// The tasks, the newest first.
    public internal(set) var tasks: [QueueTask]
    /// How many tasks pass the filter.
    public let total: Int
    /// Where the next page begins, for ``TaskFilter/after``; nil if there is none.
    public let next: String?

    /// Reads a page.
    ///
    /// - Parameter decoder: What it is read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        tasks = try object.value("tasks")
        total = try object.value("total")
        next = try object.optional("next")
    }
}

extension QueueTaskPage: KeepsJSON {
    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError) {
        try tasks.keep(try json.member("tasks"))
    }
}

/// What several submissions came to.
package struct SubmittedBatch: Sendable, Decodable, KeepsJSON {
    package private(set) var tasks: [QueueTask]

    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError) {
        try tasks.keep(try json.member("tasks"))
    }
}

/// What a server says of something that is done.
package struct ServerMessage: Sendable, Decodable {
    package let message: String
}
