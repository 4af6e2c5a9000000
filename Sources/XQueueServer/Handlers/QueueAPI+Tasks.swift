import HTTPTypes
import XQueue
import XQueueCore

extension QueueAPI {
    /// `GET /api/v1/tasks`
    func list(_ request: APIRequest) async throws -> Reply {
        var query = TaskQuery()
        query.statuses = try request.query.statuses("status")
        if let type = try request.query.text("type") {
            try request.caller.check(type)
            query.types = [type]
        } else {
            query.types = request.caller.types ?? []
        }
        query.concurrencyKey = try request.query.text("concurrency_key")
        query.limit = try request.query.integer("limit") ?? query.limit
        query.offset = try request.query.integer("offset") ?? query.offset
        return try await budget.page(query.maxBytes) { [query] maxBytes in
            var query = query
            query.maxBytes = maxBytes
            let page = try await page(query, for: request.caller)
            return Self.reply(page, to: query, for: request.caller)
        }
    }

    private static func reply(_ page: TaskPage, to query: TaskQuery, for caller: Caller) -> Reply {
        let end = query.offset + page.tasks.count
        let hasMore = !page.tasks.isEmpty && end < page.total
        var writer = JSONWriter(capacity: 512 + 1024 * page.tasks.count, isInPieces: true)
        writer.object { writer in
            writer.name("tasks")
            writer.array(page.tasks) { $0.task(caller.seen($1)) }
            writer.member("count", page.tasks.count)
            writer.member("total", page.total)
            writer.member("limit", query.limit)
            writer.member("offset", query.offset)
            writer.member("has_more", hasMore)
            writer.member("next", hasMore ? end : nil)
        }
        return .json(.ok, writer)
    }

    /// `GET /api/v1/tasks/{id}`
    func get(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        return try await budget.task {
            guard let task = try await manager.task(id), request.caller.mayTouch(task.type) else {
                throw QueueError(.notFound, "there is no task \(id)")
            }
            return reply(request.caller.seen(task))
        }
    }

    /// `DELETE /api/v1/tasks/{id}`
    func cancel(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        try budget.checkRoom()
        try await checkTask(id, request.caller)
        let task = try await manager.cancel(id)
        var writer = JSONWriter(capacity: 1024, isInPieces: true)
        writer.object { writer in
            let isOver = task.status == .canceled
            writer.member("message", isOver ? "task canceled" : "cancellation requested")
            writer.name("task")
            writer.task(request.caller.seen(task))
        }
        return .json(.ok, writer)
    }

    /// `POST /api/v1/tasks/{id}/retry`
    func retry(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        try budget.checkRoom()
        try await checkTask(id, request.caller)
        return reply(request.caller.seen(try await manager.retry(id)))
    }

    /// The tasks of a query that the caller may see, and no more than about `query.maxBytes` of payloads.
    private func page(_ query: TaskQuery, for caller: Caller) async throws(QueueError) -> TaskPage {
        // No types would mean all of them.
        if caller.types?.isEmpty == true { return TaskPage(tasks: [], total: 0) }
        guard caller.types != nil, let key = query.concurrencyKey else {
            return try await manager.tasks(query)
        }
        return try await MergedTaskList(queries(query, key, caller), manager).page(
            offset: query.offset, limit: query.limit, maxBytes: query.maxBytes)
    }

    /// What to ask the store for: the key as the caller's own, by type, and as others may have set it.
    private func queries(_ query: TaskQuery, _ key: String, _ caller: Caller) -> [TaskQuery] {
        query.types.sorted().flatMap { type in
            Set([key, caller.storedKey(key, type: type)]).sorted().map { stored in
                var one = query
                one.types = [type]
                one.concurrencyKey = stored
                return one
            }
        }
    }

    private func reply(_ task: TaskRecord) -> Reply {
        var writer = JSONWriter(capacity: 1024, isInPieces: true)
        writer.task(task)
        return .json(.ok, writer)
    }
}
