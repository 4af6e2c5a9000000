public import XQueueCore

/// For workers: claim tasks, renew their leases while they run, and settle each attempt.
extension QueueClient {
    /// Claims tasks to run.
    ///
    /// - Parameters:
    ///   - types: The task types that the worker serves, 1 to 100.
    ///   - worker: The worker's name, which becomes the `worker_id` of its tasks.
    ///   - count: Maximum number of tasks, from 1.
    ///   - wait: How long the server waits for a first task before it returns an empty batch.
    /// - Returns: The tasks with their leases; empty if none became ready in time.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func lease(
        _ types: [String], as worker: String, count: Int = 1, wait: Duration = .zero
    ) async throws -> LeaseBatch {
        // If the reply is lost, the lease expires and the task is claimed again.
        try await answer(to: .lease(types, as: worker, count: count, wait: wait))
    }

    /// Renews a lease.
    ///
    /// - Parameter lease: Name of the lease.
    /// - Returns: Whether the worker may continue, and until when.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func extend(_ lease: String) async throws -> LeaseState {
        try await answer(to: ClientRequest<LeaseState>(.put, Self.path(of: lease)))
    }

    /// Reports a task's progress and renews its lease.
    ///
    /// - Parameters:
    ///   - lease: Name of the lease.
    ///   - percent: 0 to 100.
    ///   - message: The current step, for people.
    /// - Returns: Whether the worker may continue, and until when.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    @discardableResult
    public func report(
        _ lease: String, percent: Double, message: String? = nil
    ) async throws -> LeaseState {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("progress", percent.isFinite ? percent : 0)
            if let message { writer.member("message", message) }
        }
        return try await answer(
            to: ClientRequest<LeaseState>(.post, "\(Self.path(of: lease))/progress", body: writer.text))
    }

    /// Settles an attempt as succeeded.
    ///
    /// - Parameters:
    ///   - lease: Name of the lease.
    ///   - result: The task's result; nil for none.
    /// - Throws: ``QueueClientError`` `lease_lost` if the lease has expired or ended, or `CancellationError`.
    public func complete(_ lease: String, result: RawJSON? = nil) async throws {
        try await end(lease, "complete") { if let result { $0.member("result", result) } }
    }

    /// Settles an attempt as failed.
    ///
    /// - Parameters:
    ///   - lease: Name of the lease.
    ///   - error: The reason, for people.
    ///   - isPermanent: Whether to skip the remaining retries.
    ///   - retryAfter: Delay before the next attempt; nil for the delay of the task's retry policy.
    /// - Throws: ``QueueClientError`` `lease_lost` if the lease has expired or ended, or `CancellationError`.
    public func fail(
        _ lease: String, error: String, isPermanent: Bool = false, retryAfter: Duration? = nil
    ) async throws {
        try await end(lease, "fail") { writer in
            writer.member("error", error)
            if isPermanent { writer.member("permanent", true) }
            if let retryAfter { writer.member("retry_after", retryAfter) }
        }
    }

    /// Returns a task to the queue for another worker, without using up a retry.
    ///
    /// - Parameter lease: Name of the lease.
    /// - Throws: ``QueueClientError`` `lease_lost` if the lease has expired or ended, or `CancellationError`.
    public func release(_ lease: String) async throws {
        try await end(lease, "release") { _ in }
    }

    private func end(_ lease: String, _ verb: String, _ members: (inout JSONWriter) -> Void) async throws {
        var writer = JSONWriter()
        writer.object(members)
        // Not repeatable: if the lost reply was a success, a retry would fail with `lease_lost`.
        _ = try await answer(
            to: ClientRequest<LeaseOutcome>(
                .post, "\(Self.path(of: lease))/\(verb)", body: writer.text, isRepeatable: false))
    }

    private static func path(of lease: String) -> String { "/leases/\(PercentEncoding.encoded(lease))" }
}

extension ClientRequest {
    static func lease(
        _ types: [String], as worker: String, count: Int, wait: Duration
    ) -> ClientRequest<LeaseBatch> {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("worker", worker)
            writer.name("types")
            writer.array(types) { $0.value($1) }
            writer.member("max_tasks", count)
            writer.member("wait", wait)
        }
        var request = ClientRequest<LeaseBatch>(.post, "/leases", body: writer.text)
        request.wait = max(wait, .zero)
        return request
    }
}
