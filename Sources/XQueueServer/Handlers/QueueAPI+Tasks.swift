import HTTPTypes
import XQueue
import XQueueCore

extension QueueAPI {
    /// `GET /api/v1/tasks`
    func list(_ request: APIRequest) async throws -> Reply {
        var query = TaskQuery()
        query.statuses = try request.query.statuses("status")
        query.type = try request.query.text("type")
        query.concurrencyKey = try request.query.text("concurrency_key")
        query.limit = try request.query.integer("limit") ?? query.limit
        query.offset = try request.query.integer("offset") ?? query.offset
        let page = try await page(query, for: request.caller)
        var writer = JSONWriter(capacity: 1024 * (page.tasks.count + 1))
        writer.object { writer in
            writer.name("tasks")
            writer.array(page.tasks) { $0.task($1) }
            writer.member("count", page.tasks.count)
            writer.member("total", page.total)
            writer.member("limit", query.limit)
            writer.member("offset", query.offset)
        }
        return .json(.ok, writer)
    }

    /// `GET /api/v1/tasks/{id}`
    func get(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        guard let task = try await manager.task(id), request.caller.mayTouch(task.type) else {
            throw QueueError(.notFound, "there is no task \(id)")
        }
        return reply(task)
    }

    /// `DELETE /api/v1/tasks/{id}`
    func cancel(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        try await checkTask(id, request.caller)
        let task = try await manager.cancel(id)
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            let isOver = task.status == .canceled
            writer.member("message", isOver ? "task canceled" : "cancellation requested")
            writer.name("task")
            writer.task(task)
        }
        return .json(.ok, writer)
    }

    /// `POST /api/v1/tasks/{id}/retry`
    func retry(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        try await checkTask(id, request.caller)
        return reply(try await manager.retry(id))
    }

    /// The tasks of a query that the caller may see.
    private func page(_ query: TaskQuery, for caller: Caller) async throws(QueueError) -> TaskPage {
        guard let types = caller.types else { return try await manager.tasks(query) }
        if let type = query.type {
            try caller.check(type)
            return try await manager.tasks(query)
        }
        // The newest of each type, put together: a store's list is of one type or of all.
        var (whole, all, total) = (query, [TaskRecord](), 0)
        let (end, overflow) = query.offset.addingReportingOverflow(query.limit)
        guard query.offset >= 0, query.limit > 0 else { return try await manager.tasks(query) }
        guard !overflow, end <= Self.maxMerged else {
            throw .invalid(
                "offset",
                "must stay within the newest \(Self.maxMerged), unless type names one of the token's types")
        }
        (whole.offset, whole.limit) = (0, end)
        for type in types.sorted() {
            whole.type = type
            let page = try await manager.tasks(whole)
            all += page.tasks
            total += page.total
        }
        all.sort { $0.id > $1.id }
        return TaskPage(tasks: Array(all.dropFirst(query.offset).prefix(query.limit)), total: total)
    }

    /// How far a list of several types reaches back.
    private static let maxMerged = 1000

    private func reply(_ task: TaskRecord) -> Reply {
        var writer = JSONWriter(capacity: 1024 + task.payload.text.utf8.count)
        writer.task(task)
        return .json(.ok, writer)
    }
}
