public import XQueueCore

/// For programs that run tasks themselves: a worker asks for tasks, renews their leases while it works, and says how each
/// attempt ended.
extension QueueClient {
    /// Asks for tasks to run.
    ///
    /// - Parameters:
    ///   - types: The task types that the worker serves, 1 to 100.
    ///   - worker: Its name, which becomes the `worker_id` of its tasks.
    ///   - count: The most tasks, 1 or more.
    ///   - wait: How long the server waits for the first task, before it answers that there is none.
    /// - Returns: The tasks with their leases, none if none came in time.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func lease(
        _ types: [String], as worker: String, count: Int = 1, wait: Duration = .zero
    ) async throws -> LeaseBatch {
        // A lease whose answer is lost runs out, and its task is handed out again.
        try await answer(to: .lease(types, as: worker, count: count, wait: wait))
    }

    /// Renews a lease.
    ///
    /// - Parameter lease: Its name.
    /// - Returns: Whether the worker may go on, and until when.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func extend(_ lease: String) async throws -> LeaseStanding {
        try await answer(to: ClientRequest<LeaseStanding>(.put, Self.path(of: lease)))
    }

    /// Says how far a task has come, and renews its lease.
    ///
    /// - Parameters:
    ///   - lease: The lease's name.
    ///   - percent: 0 to 100.
    ///   - message: What it is at, in words.
    /// - Returns: Whether the worker may go on, and until when.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    @discardableResult
    public func report(
        _ lease: String, percent: Double, message: String? = nil
    ) async throws -> LeaseStanding {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("progress", percent.isFinite ? percent : 0)
            if let message { writer.member("message", message) }
        }
        return try await answer(
            to: ClientRequest<LeaseStanding>(.post, "\(Self.path(of: lease))/progress", body: writer.text))
    }

    /// Says that an attempt succeeded.
    ///
    /// - Parameters:
    ///   - lease: The lease's name.
    ///   - result: The task's result; nil for none.
    /// - Throws: ``QueueClientError`` `lease_lost` if it came too late, or `CancellationError`.
    public func complete(_ lease: String, result: RawJSON? = nil) async throws {
        try await end(lease, "complete") { if let result { $0.member("result", result) } }
    }

    /// Says that an attempt failed.
    ///
    /// - Parameters:
    ///   - lease: The lease's name.
    ///   - error: Why, for people.
    ///   - isPermanent: Whether no further attempt could do better.
    ///   - retryAfter: The wait before the next attempt; nil for that of the task's retry policy.
    /// - Throws: ``QueueClientError`` `lease_lost` if it came too late, or `CancellationError`.
    public func fail(
        _ lease: String, error: String, isPermanent: Bool = false, retryAfter: Duration? = nil
    ) async throws {
        try await end(lease, "fail") { writer in
            writer.member("error", error)
            if isPermanent { writer.member("permanent", true) }
            if let retryAfter { writer.member("retry_after", retryAfter) }
        }
    }

    /// Gives a task back, to be run by another worker. It uses up no retry.
    ///
    /// - Parameter lease: The lease's name.
    /// - Throws: ``QueueClientError`` `lease_lost` if it came too late, or `CancellationError`.
    public func release(_ lease: String) async throws {
        try await end(lease, "release") { _ in }
    }

    private func end(_ lease: String, _ verb: String, _ members: (inout JSONWriter) -> Void) async throws {
        var writer = JSONWriter()
        writer.object(members)
        // An answer that was lost may have been a success: asking again would only say that the lease is gone.
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
