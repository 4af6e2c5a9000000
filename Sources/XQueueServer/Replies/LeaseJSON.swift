import XQueue
import XQueueCore

extension JSONWriter {
    /// Writes a claimed task with its lease.
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

    /// Writes whether a lease is still held and, if not, why its attempt must stop.
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

    /// Writes the end of an attempt: its task's new status.
    mutating func leaseEnd(_ attempt: AttemptID, _ status: TaskStatus, version: Int) {
        object { writer in
            writer.member("lease", attempt.leaseID)
            writer.member("task_id", attempt.taskID.description)
            writer.member("status", status.rawValue)
            writer.member("version", version)
        }
    }

    /// Writes that an attempt could not be settled because its lease is no longer held.
    mutating func leaseLost(_ attempt: AttemptID) {
        object { writer in
            writer.member("lease", attempt.leaseID)
            writer.member("error", "lease \(attempt.leaseID) is no longer held")
            writer.member("code", QueueError.Code.leaseLost.rawValue)
        }
    }
}

extension StopReason {
    /// The reason as sent to a remote worker.
    fileprivate var word: String {
        switch self {
        case .canceled: "canceled"
        case .timedOut: "timeout"
        case .leaseLost: "lost"
        case .shutdown: "shutdown"
        }
    }
}
