package import XQueueCore

/// A remote worker's request for tasks.
package struct LeaseRequest: Sendable, Hashable {
    /// Maximum wait for a task.
    package static let maxWait = Duration.seconds(60)

    package var worker: RemoteWorker
    /// Maximum number of tasks to lease, at least 1.
    package var maxTasks: Int
    /// How long to wait for the first one.
    package var wait: Duration

    package init(worker: RemoteWorker, maxTasks: Int = 1, wait: Duration = .zero) {
        self.worker = worker
        self.maxTasks = maxTasks
        self.wait = wait
    }

    func validated(maxBatch: Int) throws(QueueError) -> LeaseRequest {
        var request = self
        request.worker = try worker.validated()
        guard 1...maxBatch ~= maxTasks else { throw .invalid("max_tasks", "must be 1 to \(maxBatch)") }
        guard .zero...Self.maxWait ~= wait else {
            throw .invalid("wait", "must be 0 to \(Self.maxWait.components.seconds) seconds")
        }
        return request
    }
}

/// How a remote worker ends an attempt.
package struct LeaseEnd: Sendable, Hashable {
    package var attempt: AttemptID
    package var end: AttemptEnd

    package init(_ attempt: AttemptID, _ end: AttemptEnd) {
        self.attempt = attempt
        self.end = end
    }
}

/// The lease ID in URLs and bodies: the task's identifier, a dot, and the token in hexadecimal. Any node can
/// resolve it.
extension AttemptID {
    package var leaseID: String { "\(taskID).\(String(token.rawValue, radix: 16))" }

    /// Nil if `text` is not a lease ID in its canonical spelling.
    package init?(leaseID text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let taskID = TaskID(String(parts[0])), let token = Int64(parts[1], radix: 16),
            token > 0
        else { return nil }
        self.init(taskID: taskID, token: LeaseToken(rawValue: token))
        guard leaseID == text else { return nil }
    }
}
