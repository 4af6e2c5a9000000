package import XQueueCore

/// The side of the queue that workers in other programs talk to.
extension TaskManager {
    /// Hands out tasks to a remote worker, waiting for them if it says so.
    ///
    /// - Parameter poll: For whoever learns that the client has left.
    package func lease(
        _ request: LeaseRequest, poll: LeasePoll = LeasePoll()
    ) async throws(QueueError) -> LeaseAnswer {
        try await leaseDesk.lease(request, poll)
    }

    /// Takes notice of a worker's words about itself.
    package func see(_ worker: RemoteWorker) async throws(QueueError) {
        try await remoteWorkers.see(try worker.validated())
    }

    /// Of which types the tasks are that leases are for; nothing of leases that are over.
    package func types(of attempts: [AttemptID]) async throws(QueueError) -> [AttemptID: String] {
        try await leaseDesk.learn(attempts).mapValues(\.type)
    }

    /// Extends leases; answers in order what becomes of each.
    package func extend(_ attempts: [AttemptID]) async throws(QueueError) -> [AttemptStanding] {
        try await leaseDesk.extend(attempts)
    }

    /// Records how far attempts have come, which extends their leases; answers in order what becomes of each.
    package func report(_ reports: [ProgressReport]) async throws(QueueError) -> [AttemptStanding] {
        try await leaseDesk.report(reports)
    }

    /// Ends attempts; answers in order what became of each.
    package func end(_ ends: [LeaseEnd]) async throws(QueueError) -> [SettleOutcome] {
        try await leaseDesk.end(ends)
    }

    /// Forgets a remote worker that takes its leave; answers whether there was one that is the owner's.
    package func forgetWorker(_ name: String, by owner: WorkerOwner? = nil) async throws(QueueError) -> Bool {
        try await remoteWorkers.forget(name, by: owner)
    }

    /// How often remote workers should extend their leases.
    package var remoteHeartbeat: Duration { leaseDesk.heartbeatInterval }

    /// How many requests for tasks wait here.
    package var waitingPolls: Int { leaseDesk.waitingPolls }

    /// Answers all requests that wait for tasks, and lets no later one wait: the server ends.
    package func stopLeasing() {
        leaseDesk.stop()
    }
}
