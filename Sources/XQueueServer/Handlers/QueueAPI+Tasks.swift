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
            // No types would mean all of them.
            let mayNothing = request.caller.types?.isEmpty == true
            let page = mayNothing ? TaskPage(tasks: [], total: 0) : try await manager.tasks(query)
            return Self.reply(page, to: query)
        }
    }

    private static func reply(_ page: TaskPage, to query: TaskQuery) -> Reply {
        let end = query.offset + page.tasks.count
        let hasMore = !page.tasks.isEmpty && end < page.total
        var writer = JSONWriter(capacity: page.tasks.reduce(512) { $0 + 1024 + $1.contentBytes })
        writer.object { writer in
            writer.name("tasks")
            writer.array(page.tasks) { $0.task($1) }
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
            return reply(task)
        }
    }

    /// `DELETE /api/v1/tasks/{id}`
    func cancel(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        try budget.checkRoom()
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
        try budget.checkRoom()
        try await checkTask(id, request.caller)
        return reply(try await manager.retry(id))
    }

    private func reply(_ task: TaskRecord) -> Reply {
        var writer = JSONWriter(capacity: 1024 + task.payload.text.utf8.count)
        writer.task(task)
        return .json(.ok, writer)
    }
}
