public import XQueueCore

extension QueueClient {
    /// Submits a task.
    ///
    /// - Parameter submission: The task. If it has an ``Submission/id``, submitting it again is safe, so the client retries
    ///   it for up to ``Configuration/retryTimeout``.
    /// - Returns: The task, or the one that holds its unique key: see ``QueueTask/isDeduplicated`` and
    ///   ``QueueTask/isReplaced``.
    /// - Throws: ``QueueClientError``, such as `not_unique` if another task holds the unique key and
    ///   ``Submission/Unique/onConflict`` says so; or `CancellationError`.
    @discardableResult
    public func submit(_ submission: Submission) async throws -> QueueTask {
        try await answer(to: .submit(submission))
    }

    /// Submits several tasks, all or none; only those that are not unique may be rejected alone.
    ///
    /// - Parameter submissions: The tasks, at most as many as the server accepts per request.
    /// - Returns: The tasks in the same order; without payloads and results if the reply would be too large. In place of a
    ///   rejected one, the task that holds its unique key, with a ``QueueTask/rejection``.
    /// - Throws: ``QueueClientError``, whose field names the invalid task (`tasks[17].priority`), or `CancellationError`.
    @discardableResult
    public func submit(_ submissions: [Submission]) async throws -> [QueueTask] {
        try await answer(to: .submit(submissions)).tasks
    }

    /// Returns a task.
    ///
    /// - Parameter id: The task's identifier.
    /// - Throws: ``QueueClientError`` `not_found` if there is no such task, or `CancellationError`.
    public func task(_ id: TaskID) async throws -> QueueTask {
        try await answer(to: .task(id))
    }

    /// Returns a page of tasks, newest first.
    ///
    /// - Parameter filter: The tasks to return, and how many.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func tasks(_ filter: TaskFilter = TaskFilter()) async throws -> QueueTaskPage {
        try await answer(to: .tasks(filter))
    }

    /// Cancels a task: a pending one immediately; a running one is asked to stop.
    ///
    /// - Parameter id: The task's identifier.
    /// - Throws: ``QueueClientError`` `not_found`, or `already_ended` if it has ended; or `CancellationError`.
    public func cancel(_ id: TaskID) async throws {
        _ = try await answer(to: .cancel(id))
    }

    /// Requeues a task that failed, timed out or was canceled, with all its retries.
    ///
    /// - Parameter id: The task's identifier.
    /// - Returns: The task in its new state.
    /// - Throws: ``QueueClientError`` `not_found`; `not_requeueable` in any other status; `unique_key_taken`; or
    ///   `CancellationError`.
    @discardableResult
    public func retry(_ id: TaskID) async throws -> QueueTask {
        try await answer(to: .retry(id))
    }

    /// Edits a task that waits. It keeps its place among the tasks of its priority.
    ///
    /// - Parameters:
    ///   - id: The task's identifier.
    ///   - edit: What to change.
    ///   - version: The version it must have; nil = any.
    /// - Returns: The task as edited.
    /// - Throws: ``QueueClientError`` `not_found`; `not_pending` if it runs or has ended; `version_conflict`;
    ///   `unique_key_taken`; `invalid_field`; or `CancellationError`.
    @discardableResult
    public func edit(_ id: TaskID, _ edit: TaskEdit, version: Int? = nil) async throws -> QueueTask {
        try await answer(to: .edit(id, body: edit.json, version: version))
    }

    /// Edits a task that waits, with a patch as the API takes it.
    ///
    /// - Parameters:
    ///   - id: The task's identifier.
    ///   - patch: A JSON merge patch (RFC 7396) of its submission, such as `{"priority":9,"run_at":null}`. Null means the
    ///     default. Objects are merged, the payload included.
    ///   - version: The version it must have; nil = any.
    /// - Returns: The task as edited.
    /// - Throws: As for a ``TaskEdit``.
    @discardableResult
    public func edit(_ id: TaskID, _ patch: RawJSON, version: Int? = nil) async throws -> QueueTask {
        try await answer(to: .edit(id, body: patch.text, version: version))
    }

    /// Waits until a task has ended.
    ///
    /// - Parameter id: The task's identifier.
    /// - Returns: The ended task.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func end(of id: TaskID) async throws -> QueueTask {
        for try await event in watch(EventFilter(ids: [id])) {
            switch event.kind {
            case .hello, .reset, .status:
                guard event.status.map(\.isFinal) ?? true else { continue }
                let task = try await task(id)
                if task.status.isFinal { return task }
            default: continue
            }
        }
        return try await task(id)
    }
}

/// Selects the tasks of a page.
public struct TaskFilter: Sendable, Hashable {
    /// Only tasks with these statuses; empty = all.
    public var statuses: [TaskStatus] = []
    /// Only tasks of these types; empty = all.
    public var types: [String] = []
    /// Only tasks with this concurrency key.
    public var concurrencyKey: String?
    /// Maximum number of tasks, 1 to 1000.
    public var limit = 20
    /// Where to continue: the ``QueueTaskPage/next`` of the previous page.
    public var after: String?
    /// Number of newest tasks to skip, 0 to 10,000; cannot be combined with ``after``.
    public var offset = 0

    /// Creates a filter for the newest 20 tasks.
    public init() {}

    var query: [(name: String, value: String)] {
        var query = statuses.map { (name: "status", value: $0.rawValue) }
        query += types.map { (name: "type", value: $0) }
        if let concurrencyKey { query.append((name: "concurrency_key", value: concurrencyKey)) }
        query.append((name: "limit", value: "\(limit)"))
        if let after { query.append((name: "after", value: after)) }
        if offset != 0 { query.append((name: "offset", value: "\(offset)")) }
        return query
    }
}

extension ClientRequest {
    /// `POST /tasks`
    package static func submit(_ submission: Submission) -> ClientRequest<QueueTask> {
        // Without an identifier, a retry after a lost reply would submit the task twice.
        ClientRequest<QueueTask>(.post, "/tasks", body: submission.json, isRepeatable: submission.id != nil)
    }

    /// `POST /tasks/batch`
    static func submit(_ submissions: [Submission]) -> ClientRequest<SubmittedBatch> {
        submit(bodies: submissions.map(\.json), isRepeatable: submissions.allSatisfy { $0.id != nil })
    }

    /// `POST /tasks/batch` with encoded tasks.
    package static func submit(bodies: [String], isRepeatable: Bool) -> ClientRequest<SubmittedBatch> {
        ClientRequest<SubmittedBatch>(
            .post, "/tasks/batch", body: "{\"tasks\":[\(bodies.joined(separator: ","))]}",
            isRepeatable: isRepeatable)
    }

    /// `GET /tasks/{id}`
    package static func task(_ id: TaskID) -> ClientRequest<QueueTask> {
        ClientRequest<QueueTask>(.get, "/tasks/\(id)")
    }

    /// `GET /tasks`
    package static func tasks(_ filter: TaskFilter) -> ClientRequest<QueueTaskPage> {
        ClientRequest<QueueTaskPage>(.get, "/tasks", query: filter.query)
    }

    /// `DELETE /tasks/{id}`
    package static func cancel(_ id: TaskID) -> ClientRequest<ServerMessage> {
        ClientRequest<ServerMessage>(.delete, "/tasks/\(id)", isRepeatable: false)
    }

    /// `POST /tasks/{id}/retry`
    package static func retry(_ id: TaskID) -> ClientRequest<QueueTask> {
        ClientRequest<QueueTask>(.post, "/tasks/\(id)/retry", isRepeatable: false)
    }

    /// `PATCH /tasks/{id}` with an encoded merge patch.
    package static func edit(_ id: TaskID, body: String, version: Int?) -> ClientRequest<QueueTask> {
        ClientRequest<QueueTask>(.patch, "/tasks/\(id)", body: body).changing(version)
    }
}
