extension QueueClient {
    /// Returns the queue's statistics. Values that span all types are nil for a token limited to some types.
    ///
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func statistics() async throws -> ServerStatistics {
        try await answer(to: .statistics)
    }

    /// Returns the live nodes and external workers.
    ///
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func workers() async throws -> [QueueWorker] {
        try await answer(to: .workers).workers
    }

    /// Returns the task types, ordered by name.
    ///
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func types() async throws -> [QueueType] {
        try await answer(to: .types).types
    }

    /// Pauses a type on all nodes: its tasks are not claimed; running ones continue.
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - create: Whether to create an unknown type.
    /// - Returns: The type in its new state.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    @discardableResult
    public func pause(_ type: String, create: Bool = false) async throws -> QueueType {
        try await answer(to: .pause(type, create: create))
    }

    /// Resumes a paused type.
    ///
    /// - Parameter type: The type.
    /// - Returns: The type in its new state.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    @discardableResult
    public func resume(_ type: String) async throws -> QueueType {
        try await answer(to: .resume(type))
    }

    /// Limits how many tasks of a type run simultaneously across all nodes.
    ///
    /// - Parameters:
    ///   - limit: Maximum number of running tasks, from 1; nil = no limit.
    ///   - type: The type.
    ///   - create: Whether to create an unknown type.
    /// - Returns: The type in its new state.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    @discardableResult
    public func setLimit(_ limit: Int?, of type: String, create: Bool = false) async throws -> QueueType {
        try await answer(to: .limit(type, limit, create: create))
    }

    /// Deletes a type without tasks, including its limit and pause.
    ///
    /// - Parameter type: The type.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func deleteType(_ type: String) async throws {
        _ = try await answer(to: .deleteType(type))
    }
}

extension ClientRequest {
    /// `GET /stats`
    package static var statistics: ClientRequest<ServerStatistics> {
        ClientRequest<ServerStatistics>(.get, "/stats")
    }

    /// `GET /workers`
    package static var workers: ClientRequest<WorkerList> { ClientRequest<WorkerList>(.get, "/workers") }

    /// `GET /types`
    package static var types: ClientRequest<TypeList> { ClientRequest<TypeList>(.get, "/types") }

    /// `POST /types/{type}/pause`
    package static func pause(_ type: String, create: Bool) -> ClientRequest<QueueType> {
        ClientRequest<QueueType>(.post, "\(path(of: type))/pause", query: creating(create))
    }

    /// `POST /types/{type}/resume`
    package static func resume(_ type: String) -> ClientRequest<QueueType> {
        ClientRequest<QueueType>(.post, "\(path(of: type))/resume")
    }

    /// `PUT /types/{type}/limit`
    package static func limit(_ type: String, _ limit: Int?, create: Bool) -> ClientRequest<QueueType> {
        ClientRequest<QueueType>(
            .put, "\(path(of: type))/limit", query: creating(create),
            body: #"{"max_concurrency":\#(limit.map { "\($0)" } ?? "null")}"#)
    }

    /// `DELETE /types/{type}`
    package static func deleteType(_ type: String) -> ClientRequest<ServerMessage> {
        ClientRequest<ServerMessage>(.delete, path(of: type), isRepeatable: false)
    }

    private static func path(of type: String) -> String { "/types/\(PercentEncoding.encoded(type))" }

    private static func creating(_ create: Bool) -> [(name: String, value: String)] {
        create ? [(name: "create", value: "true")] : []
    }
}
