import XQueue
import XQueueCore

extension JSONWriter {
    /// Writes a task: always all fields, in the same order.
    ///
    /// - Parameter isProvisional: Whether it is still unknown if there will be a task with this ID. Written only if
    ///   true.
    mutating func task(_ task: TaskRecord, isProvisional: Bool = false) {
        object { writer in
            writer.member("id", task.id.description)
            DefinitionJSON.write(task.definition, to: &writer)
            writer.member("traceparent", task.trace?.parent)
            writer.member("tracestate", task.trace?.state)
            writer.scheduled(task.scheduled)
            writer.state(task)
            if isProvisional { writer.member("provisional", true) }
        }
    }

    private mutating func state(_ task: TaskRecord) {
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
