package import XQueueCore

/// The queue's interface for remote workers.
extension TaskManager {
    /// Leases tasks to a remote worker, waiting for them if requested.
    ///
    /// - Parameter poll: Lets the caller report that the client has disconnected.
    package func lease(
        _ request: LeaseRequest, poll: LeasePoll = LeasePoll()
    ) async throws(QueueError) -> LeaseAnswer {
        try await leaseDesk.lease(request, poll)
    }

    /// Notes what a worker reports about itself.
    package func noteContact(_ worker: RemoteWorker) async throws(QueueError) {
        try await remoteWorkers.noteContact(try worker.validated())
    }

    /// The types of the attempts' tasks; attempts without a lease are left out.
    package func types(of attempts: [AttemptID]) async throws(QueueError) -> [AttemptID: String] {
        try await leaseDesk.lookUp(attempts).mapValues(\.type)
    }

    /// Extends leases. Returns the standing of each attempt, in order.
    package func extend(_ attempts: [AttemptID]) async throws(QueueError) -> [AttemptStanding] {
        try await leaseDesk.extend(attempts)
    }

    /// Records the progress of attempts, which extends their leases. Returns the standing of each, in order.
    package func report(_ reports: [ProgressReport]) async throws(QueueError) -> [AttemptStanding] {
        try await leaseDesk.report(reports)
    }

    /// Settles attempts. Returns the outcome of each, in order.
    package func end(_ ends: [LeaseEnd]) async throws(QueueError) -> [SettleOutcome] {
        try await leaseDesk.end(ends)
    }

    /// Deregisters a remote worker. Returns whether the owner had such a worker.
    package func deregisterWorker(_ name: String, by owner: WorkerOwner? = nil) async throws(QueueError)
        -> Bool
    {
        try await remoteWorkers.deregister(name, by: owner)
    }

    /// How often remote workers should extend their leases.
    package var remoteHeartbeat: Duration { leaseDesk.heartbeatInterval }

    /// How many lease requests are waiting on this node.
    package var waitingPolls: Int { leaseDesk.waitingPolls }

    /// Answers all waiting lease requests; later ones do not wait. For server shutdown.
    package func stopLeasing() {
        leaseDesk.stop()
    }
}
