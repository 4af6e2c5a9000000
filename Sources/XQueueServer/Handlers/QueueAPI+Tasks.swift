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
        let page = try await manager.tasks(query)
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
        guard let task = try await manager.task(id) else {
            throw QueueError(.notFound, "there is no task \(id)")
        }
        return reply(task)
    }

    /// `DELETE /api/v1/tasks/{id}`
    func cancel(_ request: APIRequest) async throws -> Reply {
        let task = try await manager.cancel(try taskID(request))
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
        reply(try await manager.retry(try taskID(request)))
    }

    private func reply(_ task: TaskRecord) -> Reply {
        var writer = JSONWriter(capacity: 1024 + task.payload.text.utf8.count)
        writer.task(task)
        return .json(.ok, writer)
    }
}
