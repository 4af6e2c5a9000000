public import XQueueCore

/// A task as returned by a server: its definition and its state.
public struct QueueTask: Sendable, Hashable, Decodable {
    /// Identifier of the task.
    public let id: TaskID
    /// Task type, which determines the handler.
    public let type: String
    /// Input of the handler, as submitted.
    public internal(set) var payload: RawJSON
    /// Priority; larger runs first.
    public let priority: Int
    /// Maximum number of retries.
    public let maxRetry: Int
    /// Maximum wait for the first attempt; zero = no limit.
    public let queueTimeout: Duration
    /// Maximum duration of an attempt; zero = no limit.
    public let processTimeout: Duration
    /// Tasks with the same key share a concurrency limit.
    public let concurrencyKey: String?
    /// Concurrency limit of the key.
    public let maxConcurrency: Int?
    /// The unique key that the task holds, as in ``unique``.
    public let uniqueKey: String?
    /// The rule of the unique key; nil without one, or if the server only knows ``uniqueKey``.
    public let unique: Unique?
    /// Metadata, as submitted.
    public internal(set) var metadata: RawJSON?
    /// How failed attempts are retried.
    public let retryPolicy: RetryPolicy
    /// Trace that the task belongs to.
    public let trace: TraceContext?
    /// The tick that submitted the task; nil if none did.
    public let scheduled: Scheduled?

    /// Status of the task.
    public let status: TaskStatus
    /// What a pending task waits for; nil if it is not pending, or if what it waits for is unknown to this client.
    public let pendingReason: PendingReason?
    /// Number of the current or last attempt; 0 before the first.
    public let attempt: Int
    /// Number of retries so far.
    public let retryCount: Int
    /// Why the last attempt failed.
    public let error: String?
    /// The failed attempts.
    public let errors: [Failure]
    /// Result of the handler.
    public internal(set) var result: RawJSON?
    /// Progress, 0 to 100.
    public let progress: Double?
    /// Current step, for people.
    public let progressMessage: String?
    /// The worker that runs the task, or ran it last.
    public let workerID: String?
    /// Number of status changes and edits.
    public let version: Int
    /// When the task was submitted.
    public let createdAt: Timestamp
    /// When the task last changed.
    public let updatedAt: Timestamp
    /// Earliest start.
    public let runAt: Timestamp
    /// When the last attempt started.
    public let startedAt: Timestamp?
    /// When the task ended.
    public let completedAt: Timestamp?
    /// When the running task was asked to stop.
    public let cancelRequestedAt: Timestamp?
    /// Whether the task is still only in the log in front of the store. If another one there has the same unique key, no
    /// task with this identifier may come to exist.
    public let isProvisional: Bool
    /// Of the reply to a submission: whether this task existed already, with the identifier or the unique key.
    public let isDeduplicated: Bool
    /// Of the reply to a submission: whether this pending task had the unique key, and took over what was submitted.
    public let isReplaced: Bool
    /// Of the reply to a batch: why nothing was accepted, such as ``QueueClientError/Code/notUnique``; then this is the task
    /// that holds the unique key.
    public let rejection: QueueClientError.Code?

    /// The tick of a schedule that submitted a task.
    public struct Scheduled: Sendable, Hashable, Decodable {
        /// Name of the schedule.
        public let schedule: String
        /// The tick.
        public let tick: Timestamp
        /// The tick before it; nil for the first one.
        public let previousTick: Timestamp?
        /// Whether the tick was fired late.
        public let isLate: Bool

        /// Decodes a tick.
        ///
        /// - Parameter decoder: The decoder to read from.
        public init(from decoder: any Decoder) throws {
            let object = try WireObject(decoder)
            schedule = try object.value("schedule")
            tick = try object.time("tick")
            previousTick = try object.optionalTime("previous_tick")
            isLate = try object.value("late")
        }
    }

    /// A failed attempt.
    public struct Failure: Sendable, Hashable, Decodable {
        /// Number of the attempt, from 1.
        public let attempt: Int
        /// Kind of failure, such as `error`, `timeout` or `lease_lost`.
        public let kind: String
        /// Why it failed.
        public let error: String
        /// The worker that ran it.
        public let workerID: String?
        /// When it started.
        public let startedAt: Timestamp?
        /// When it ended.
        public let endedAt: Timestamp?

        /// Decodes a failure.
        ///
        /// - Parameter decoder: The decoder to read from.
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

    /// Decodes a task.
    ///
    /// - Parameter decoder: The decoder to read from. ``QueueClient`` preserves payload and result byte for byte; with other
    ///   decoders they have the same value, but members may be reordered.
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
        unique = try object.optional("unique")
        metadata = try object.optionalJSON("metadata")
        let policy: WireRetryPolicy = try object.value("retry_policy")
        retryPolicy = policy.policy
        let parent: String? = try object.optional("traceparent")
        let state: String? = try object.optional("tracestate")
        trace = parent.flatMap { TraceContext(parent: $0, state: state) }
        scheduled = try object.optional("scheduled")
        status = try object.word("status")
        pendingReason = try object.knownWord("pending_reason")
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
        isDeduplicated = try object.optional("deduplicated") ?? false
        isReplaced = try object.optional("replaced") ?? false
        rejection = try object.optional("rejected").map { QueueClientError.Code(rawValue: $0) }
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

/// A retry policy as encoded in a task.
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
    /// The tasks, newest first.
    public internal(set) var tasks: [QueueTask]
    /// Number of tasks that match the filter.
    public let total: Int
    /// Cursor of the next page, for ``TaskFilter/after``; nil for the last page.
    public let next: String?

    /// Decodes a page.
    ///
    /// - Parameter decoder: The decoder to read from.
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

/// The reply to a batch submission.
package struct SubmittedBatch: Sendable, Decodable, KeepsJSON {
    package private(set) var tasks: [QueueTask]

    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError) {
        try tasks.keep(try json.member("tasks"))
    }
}

/// A reply that consists of a message.
package struct ServerMessage: Sendable, Decodable {
    package let message: String
}
