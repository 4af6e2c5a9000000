import XQueue
import XQueueCore

extension JSONWriter {
    /// Writes a task that was handed out, with its lease.
    mutating func lease(_ task: TaskRecord) {
        object { writer in
            let attempt = task.lease.map { AttemptID(taskID: task.id, token: $0.token) }
            writer.member("lease", attempt?.leaseID)
            writer.member("expires_at", task.lease?.expiresAt)
            writer.member(
                "timeout_at", task.processTimeout.flatMap { limit in task.startedAt.map { $0 + limit } })
            writer.name("task")
            writer.task(task)
        }
    }

    /// Writes what becomes of a lease.
    mutating func standing(_ attempt: AttemptID, _ standing: AttemptStanding, duration: Duration) {
        object { writer in
            writer.member("lease", attempt.leaseID)
            switch standing {
            case .held:
                writer.member("stop", false)
                writer.member("reason", String?.none)
            case .stop(let reason):
                writer.member("stop", true)
                writer.member("reason", reason.word)
            }
            writer.member("lease_duration", standing == .stop(.leaseLost) ? .zero : duration)
        }
    }

    /// Writes the end of an attempt: where its task stands now.
    mutating func leaseEnd(_ attempt: AttemptID, _ status: TaskStatus, version: Int) {
        object { writer in
            writer.member("lease", attempt.leaseID)
            writer.member("task_id", attempt.taskID.description)
            writer.member("status", status.rawValue)
            writer.member("version", version)
        }
    }

    /// Writes that an attempt's end came too late.
    mutating func leaseLost(_ attempt: AttemptID) {
        object { writer in
            writer.member("lease", attempt.leaseID)
            writer.member("error", "lease \(attempt.leaseID) is no longer held")
            writer.member("code", QueueError.Code.leaseLost.rawValue)
        }
    }
}

extension StopReason {
    /// The word a remote worker is told.
    fileprivate var word: String {
        switch self {
        case .canceled: "canceled"
        case .timedOut: "timeout"
        case .leaseLost: "lost"
        case .shutdown: "shutdown"
        }
    }
}
