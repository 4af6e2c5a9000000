import XQueueCore

extension JSONWriter {
    /// Writes a task: all its fields, always, in the same order.
    ///
    /// - Parameter isProvisional: Whether it is not known yet if there will be a task with this identifier, which
    ///   is only said if it is so.
    mutating func task(_ task: TaskRecord, isProvisional: Bool = false) {
        object { writer in
            writer.whatWasAsked(task)
            writer.whereItStands(task)
            if isProvisional { writer.member("provisional", true) }
        }
    }

    private mutating func whatWasAsked(_ task: TaskRecord) {
        member("id", task.id.description)
        member("type", task.type)
        member("payload", task.payload)
        member("priority", Int(task.priority))
        member("max_retry", task.maxRetry)
        member("queue_timeout", task.queueTimeout ?? .zero)
        member("process_timeout", task.processTimeout ?? .zero)
        member("concurrency_key", task.concurrency?.key)
        member("max_concurrency", task.concurrency?.limit)
        member("unique_key", task.uniqueKey)
        name("retry_policy")
        object { writer in
            writer.member("strategy", task.retryPolicy.strategy.rawValue)
            writer.member("delay", task.retryPolicy.delay)
            writer.member("max_delay", task.retryPolicy.maxDelay)
            writer.member("jitter", task.retryPolicy.jitter)
        }
        member("traceparent", task.trace?.parent)
        member("tracestate", task.trace?.state)
    }

    private mutating func whereItStands(_ task: TaskRecord) {
        member("status", task.status.rawValue)
        member("pending_reason", task.pendingReason?.rawValue)
        member("attempt", task.attempt)
        member("retry_count", task.retryCount)
        member("error", task.error)
        name("errors")
        array(task.errors) { $0.attemptError($1) }
        member("result", task.result)
        member("progress", task.progress?.percent)
        member("progress_message", task.progress?.message)
        member("worker_id", task.workerID)
        member("version", task.version)
        member("created_at", task.createdAt)
        member("updated_at", task.updatedAt)
        member("run_at", task.runAt)
        member("started_at", task.startedAt)
        member("completed_at", task.completedAt)
        member("cancel_requested_at", task.cancelRequestedAt)
    }

    private mutating func attemptError(_ error: AttemptError) {
        object { writer in
            writer.member("attempt", error.attempt)
            writer.member("kind", error.kind.rawValue)
            writer.member("error", error.message)
            writer.member("worker_id", error.workerID)
            writer.member("started_at", error.startedAt)
            writer.member("ended_at", error.endedAt)
        }
    }
}
