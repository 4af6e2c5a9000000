public import XQueueCore

extension QueueClient {
    /// Submits a task.
    ///
    /// - Parameter submission: The task. With an identifier of its own it can be submitted again without harm, which
    ///   ``Configuration/patience`` then does while no server answers.
    /// - Returns: The task, or the unfinished one that has the same unique key.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    @discardableResult
    public func submit(_ submission: Submission) async throws -> QueueTask {
        try await answer(to: .submit(submission))
    }

    /// Submits several tasks, all of them or none.
    ///
    /// - Parameter submissions: The tasks, at most as many as the server takes at once.
    /// - Returns: The tasks in the same order; where the answer would be too large, without payloads and results.
    /// - Throws: ``QueueClientError``, whose field names the task that is wrong (`tasks[17].priority`), or
    ///   `CancellationError`.
    @discardableResult
    public func submit(_ submissions: [Submission]) async throws -> [QueueTask] {
        try await answer(to: .submit(submissions)).tasks
    }

    /// How a task stands.
    ///
    /// - Parameter id: The task.
    /// - Throws: ``QueueClientError`` `not_found` if there is none, or `CancellationError`.
    public func task(_ id: TaskID) async throws -> QueueTask {
        try await answer(to: .task(id))
    }

    /// A page of the tasks, the newest first.
    ///
    /// - Parameter filter: Which tasks, and how many.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func tasks(_ filter: TaskFilter = TaskFilter()) async throws -> QueueTaskPage {
        try await answer(to: .tasks(filter))
    }

    /// Cancels a task: at once if it is pending; a running one is asked to stop.
    ///
    /// - Parameter id: The task.
    /// - Throws: ``QueueClientError`` `not_found`, or `already_ended` if it has; or `CancellationError`.
    public func cancel(_ id: TaskID) async throws {
        _ = try await answer(to: .cancel(id))
    }

    /// Makes a task that failed, timed out or was canceled pending again, with all its retries.
    ///
    /// - Parameter id: The task.
    /// - Returns: The task as it stands now.
    /// - Throws: ``QueueClientError`` `not_found`, or `not_requeueable` if its status forbids it; or `CancellationError`.
    @discardableResult
    public func retry(_ id: TaskID) async throws -> QueueTask {
        try await answer(to: .retry(id))
    }

    /// Waits until a task has ended.
    ///
    /// - Parameter id: The task.
    /// - Returns: The task as it stands then.
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

/// Which tasks a page holds, and how many.
public struct TaskFilter: Sendable, Hashable {
    /// Only tasks with one of these statuses; all if there is none.
    public var statuses: [TaskStatus] = []
    /// Only tasks of one of these types; all if there is none.
    public var types: [String] = []
    /// Only tasks with this concurrency key.
    public var concurrencyKey: String?
    /// The most tasks, 1 to 1000.
    public var limit = 20
    /// Where to go on: the ``QueueTaskPage/next`` of the page before.
    public var after: String?
    /// How many of the newest are passed over, 0 to 10,000; not beside ``after``.
    public var offset = 0

    /// All tasks, the newest 20 of them.
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
        // Without an identifier of its own, a task whose answer was lost would be there twice.
        ClientRequest<QueueTask>(.post, "/tasks", body: submission.json, isRepeatable: submission.id != nil)
    }

    /// `POST /tasks/batch`
    static func submit(_ submissions: [Submission]) -> ClientRequest<SubmittedBatch> {
        submit(bodies: submissions.map(\.json), isRepeatable: submissions.allSatisfy { $0.id != nil })
    }

    /// `POST /tasks/batch` with tasks that are written already.
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
}
