package import XQueueCore

/// A remote worker's request for tasks.
package struct LeaseRequest: Sendable, Hashable {
    /// The longest wait for a task.
    package static let longestWait = Duration.seconds(60)

    package var worker: RemoteWorker
    /// The most tasks to hand out, from 1.
    package var maxTasks: Int
    /// How long to wait for the first of them.
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
        guard .zero...Self.longestWait ~= wait else {
            throw .invalid("wait", "must be 0 to \(Self.longestWait.components.seconds) seconds")
        }
        return request
    }
}

/// What a remote worker is told about one of its leases.
package enum LeaseStanding: Sendable, Hashable {
    /// It goes on.
    case held
    /// It should stop, and say how the attempt ended.
    case stop(LeaseStop)
}

/// Why a remote worker should stop. The raw values are the words on the wire.
package enum LeaseStop: String, Sendable, Hashable {
    /// Somebody canceled the task.
    case canceled
    /// The attempt has run for its process timeout: whatever it brings comes too late.
    case timeout
    /// The lease is no longer the worker's: nothing it does with the task counts.
    case lost
}

/// How a remote worker ends an attempt.
package struct LeaseEnd: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        case success(RawJSON?)
        case failure(AttemptFailure)
        /// The task is given back, to be run again after a delay, without using up a retry.
        case release(Duration)
    }

    package var attempt: AttemptID
    package var outcome: Outcome

    package init(_ attempt: AttemptID, _ outcome: Outcome) {
        self.attempt = attempt
        self.outcome = outcome
    }
}
