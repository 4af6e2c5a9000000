import HTTPTypes

/// The whole API.
enum Routes {
    static let all: [Route] = [
        Route(.get, "/") { try $0.consoleFile(ConsoleFile.page, $1) },
        Route(.get, "/console/{file}") { try $0.consoleFile($1.parameters.first ?? "", $1) },
        Route(.get, "/api/v1") { api, _ in api.hint() },
        Route(.post, "/api/v1/tasks") { try await $0.submit($1) },
        Route(.post, "/api/v1/tasks/batch") { try await $0.submitBatch($1) },
        Route(
            .get, "/api/v1/tasks", query: ["status", "type", "concurrency_key", "limit", "offset"]
        ) { try await $0.list($1) },
        Route(.get, "/api/v1/tasks/{id}") { try await $0.get($1) },
        Route(.delete, "/api/v1/tasks/{id}") { try await $0.cancel($1) },
        Route(.post, "/api/v1/tasks/{id}/retry") { try await $0.retry($1) },
        Route(.get, "/api/v1/events", query: EventRequest.parameters) { try $0.events($1) },
        Route(.get, "/api/v1/stats") { api, _ in try await api.statistics() },
        Route(.get, "/api/v1/workers") { api, _ in try await api.workers() },
        Route(.get, "/api/v1/health") { api, _ in await api.health() },
        Route(.get, "/api/v1/types") { api, _ in try await api.types() },
        Route(.put, "/api/v1/types/{type}/limit") { try await $0.setLimit($1) },
        Route(.post, "/api/v1/types/{type}/pause") { try await $0.setPaused(true, $1) },
        Route(.post, "/api/v1/types/{type}/resume") { try await $0.setPaused(false, $1) },
    ]
}
