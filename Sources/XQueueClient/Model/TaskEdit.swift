public import XQueueCore

/// Changes to a task that waits. Nil fields stay as they are, and so do the task's identifier and type.
public struct TaskEdit: Sendable, Hashable {
    /// Input of the handler. An object is merged into the task's (RFC 7396): null removes a member.
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
    /// Delay from now before the task may run; cannot be combined with ``runAt``.
    public var delay: Duration?
    /// Earliest start.
    public var runAt: Timestamp?
    /// While the task is unfinished, submissions with this key return it: short for a ``unique`` with a key only.
    public var uniqueKey: String?
    /// Which other tasks exclude this one; cannot be combined with ``uniqueKey``. Nil fields of it stay, too.
    /// ``Submission/Unique/onConflict`` is of no use here: if another task holds the key, the edit fails.
    public var unique: Submission.Unique?
    /// Metadata for handlers and events, merged like ``payload``.
    public var metadata: RawJSON?
    /// How failed attempts are retried; nil fields of it stay, too.
    public var retryPolicy = Submission.Retry()
    /// Fields that get their defaults, as if the task had been submitted without them; whatever their values here.
    public var resets: Set<Field>

    /// A field that can be reset.
    public enum Field: String, Sendable, Hashable, CaseIterable {
        case payload, priority
        case maxRetry = "max_retry"
        case queueTimeout = "queue_timeout"
        case processTimeout = "process_timeout"
        case concurrencyKey = "concurrency_key"
        case maxConcurrency = "max_concurrency"
        /// Reset, the task runs as soon as possible.
        case runAt = "run_at"
        case uniqueKey = "unique_key"
        case unique, metadata
        case retryPolicy = "retry_policy"
    }

    /// Creates an edit.
    ///
    /// - Parameter resets: Fields that get their defaults.
    public init(resets: Set<Field> = []) {
        self.resets = resets
    }

    /// The JSON merge patch.
    package var json: String {
        var writer = JSONWriter(capacity: 512 + (payload?.text.utf8.count ?? 0))
        writer.object { writer in
            if let new = new(payload, .payload) { writer.member("payload", new) }
            if let new = new(priority, .priority) { writer.member("priority", new) }
            if let new = new(maxRetry, .maxRetry) { writer.member("max_retry", new) }
            if let new = new(queueTimeout, .queueTimeout) { writer.member("queue_timeout", new) }
            if let new = new(processTimeout, .processTimeout) { writer.member("process_timeout", new) }
            if let new = new(concurrencyKey, .concurrencyKey) { writer.member("concurrency_key", new) }
            if let new = new(maxConcurrency, .maxConcurrency) { writer.member("max_concurrency", new) }
            if let delay, !resets.contains(.runAt) { writer.member("delay", delay) }
            if let new = new(runAt, .runAt) { writer.member("run_at", new) }
            if let new = new(uniqueKey, .uniqueKey) { writer.member("unique_key", new) }
            if let new = new(unique, .unique) { writer.unique(new) }
            if let new = new(metadata, .metadata) { writer.member("metadata", new) }
            if let new = new(retryPolicy.isEmpty ? nil : retryPolicy, .retryPolicy) {
                writer.retryPolicy(new)
            }
        }
        return writer.text
    }

    /// What a field becomes: nil inside for its default, nil outside if it stays.
    private func new<Value>(_ value: Value?, _ field: Field) -> Value?? {
        resets.contains(field) ? .some(nil) : value.map { .some($0) }
    }
}
