import XQueue
import XQueueCore

extension JSONWriter {
    /// Writes a task: always all fields, in the same order.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - outcome: What it is the answer to. Adds `provisional` if it is still unknown whether there will be such a task,
    ///     `deduplicated`, `replaced`, or `rejected`.
    mutating func task(_ task: TaskRecord, answers outcome: SubmitOutcome? = nil) {
        object { writer in
            writer.member("id", task.id.description)
            DefinitionJSON.write(task.definition, to: &writer)
            writer.member("traceparent", task.trace?.parent)
            writer.member("tracestate", task.trace?.state)
            writer.scheduled(task.scheduled)
            writer.state(task)
            if let outcome { writer.answer(outcome) }
        }
    }

    private mutating func answer(_ outcome: SubmitOutcome) {
        switch outcome {
        case .inserted: break
        case .existing: member("deduplicated", true)
        case .replaced: member("replaced", true)
        case .conflict: member("rejected", QueueError.Code.notUnique.rawValue)
        case .logged: if outcome.isProvisional { member("provisional", true) }
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
