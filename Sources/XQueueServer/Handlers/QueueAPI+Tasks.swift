import HTTPTypes
import XQueue
import XQueueCore

extension QueueAPI {
    /// `GET /api/v1/tasks`
    func list(_ request: APIRequest) async throws -> Reply {
        var query = TaskQuery()
        query.statuses = try request.query.statuses("status")
        query.types = Set(try request.query.texts("type"))
        for type in query.types.sorted() { try request.caller.check(type) }
        if query.types.isEmpty { query.types = request.caller.types ?? [] }
        if let key = try request.query.text("concurrency_key") {
            query.concurrencyKeys = request.caller.storedKeys(key, types: query.types)
        }
        query.limit = try request.query.integer("limit") ?? query.limit
        query.after = try request.query.text("after").map { text throws(QueueError) in
            try Self.cursor(text)
        }
        query.offset = try request.query.integer("offset") ?? query.offset
        return try await budget.page(query.maxBytes) { [query] maxBytes in
            var query = query
            query.maxBytes = maxBytes
            // An empty set in the query would select all types.
            let hasNoTypes = request.caller.types?.isEmpty == true
            let page = hasNoTypes ? TaskPage(tasks: [], total: 0) : try await manager.tasks(query)
            return Self.reply(page, to: query, for: request.caller)
        }
    }

    private static func reply(_ page: TaskPage, to query: TaskQuery, for caller: Caller) -> Reply {
        var writer = JSONWriter(capacity: 512 + 1024 * page.tasks.count, isInPieces: true)
        writer.object { writer in
            writer.name("tasks")
            writer.array(page.tasks) { $0.task(caller.seen($1)) }
            writer.member("count", page.tasks.count)
            writer.member("total", page.total)
            writer.member("limit", query.limit)
            writer.member("offset", query.offset)
            writer.member("has_more", page.next != nil)
            writer.member("next", page.next?.description)
        }
        return .json(.ok, writer)
    }

    private static func cursor(_ text: String) throws(QueueError) -> TaskCursor {
        guard let cursor = TaskCursor(text) else {
            throw .invalid("after", "must be `next` of a previous page")
        }
        return cursor
    }

    /// `GET /api/v1/tasks/{id}`
    func get(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        return try await budget.task {
            guard let task = try await manager.task(id), request.caller.canAccess(task.type) else {
                throw QueueError(.notFound, "no such task: \(id)")
            }
            return reply(request.caller.seen(task))
        }
    }

    /// `PATCH /api/v1/tasks/{id}`
    func edit(_ request: APIRequest) async throws -> Reply {
        let id = try taskID(request)
        let version = try request.expectedVersion()
        try budget.checkRoom()
        let (body, share) = try await submission(in: request)
        defer { withExtendedLifetime(share) {} }
        let patch = try TaskPatch(body)
        let caller = request.caller
        return try await budget.edit {
            let task = try await manager.edit(
                id, version: version, where: { caller.canAccess($0.type) },
                { task throws(QueueError) in
                    try caller.scoped(patch.submission(of: caller.seen(task)), editing: task)
                })
            return reply(caller.seen(task))
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
            let isCanceled = task.status == .canceled
            writer.member("message", isCanceled ? "task canceled" : "cancellation requested")
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

    private func reply(_ task: TaskRecord) -> Reply {
        var writer = JSONWriter(capacity: 1024, isInPieces: true)
        writer.task(task)
        var reply = Reply.json(.ok, writer)
        reply.headers[.eTag] = "\"\(task.version)\""
        return reply
    }
}
