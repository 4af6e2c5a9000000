import HTTPTypes

/// The whole API, with the scope of each route.
enum Routes {
    static let all = queue + leases

    /// Routes for users and operators.
    private static let queue: [Route] = [
        Route(.get, "/", .public) { try $0.consoleFile(ConsoleFile.page, $1) },
        Route(.get, "/console/{file}", .public) { try $0.consoleFile($1.parameters.first ?? "", $1) },
        Route(.get, "/livez", .public) { api, _ in api.isAlive() },
        Route(.get, "/readyz", .public) { api, _ in await api.isReady() },
        Route(.get, "/metrics", .read) { try await $0.metricsText($1) },
        Route(.get, "/api/v1", .public) { api, _ in api.hint() },
        Route(.get, "/api/v1/openapi.json", .public) { api, _ in try api.openAPI() },
        Route(.get, "/api/v1/session", .public) { $0.session($1) },
        Route(.post, "/api/v1/session", .public) { try await $0.logIn($1) },
        Route(.delete, "/api/v1/session", .public) { $0.logOut($1) },
        Route(.post, "/api/v1/tasks", .submit) { try await $0.submit($1) },
        Route(.post, "/api/v1/tasks/batch", .submit) { try await $0.submitBatch($1) },
        Route(
            .get, "/api/v1/tasks", .read,
            query: ["status", "type", "concurrency_key", "limit", "after", "offset"]
        ) { try await $0.list($1) },
        Route(.get, "/api/v1/tasks/{id}", .read) { try await $0.get($1) },
        Route(.patch, "/api/v1/tasks/{id}", .submit) { try await $0.edit($1) },
        Route(.delete, "/api/v1/tasks/{id}", .submit) { try await $0.cancel($1) },
        Route(.post, "/api/v1/tasks/{id}/retry", .submit) { try await $0.retry($1) },
        Route(.get, "/api/v1/events", .read, query: EventRequest.parameters, stream: true) {
            try $0.events($1)
        },
        Route(.get, "/api/v1/stats", .read) { try await $0.statistics($1) },
        Route(.get, "/api/v1/workers", .read) { try await $0.workers($1) },
        Route(.get, "/api/v1/health", .public) { await $0.health($1) },
        Route(.get, "/api/v1/log-level", .admin, wholeQueue: true) { api, _ in try api.logLevel() },
        Route(.put, "/api/v1/log-level", .admin, wholeQueue: true) { try await $0.setLogLevel($1) },
        Route(.get, "/api/v1/types", .read) { try await $0.types($1) },
        Route(.delete, "/api/v1/types/{type}", .admin) { try await $0.deleteType($1) },
        Route(.put, "/api/v1/types/{type}/limit", .admin, query: ["create"]) { try await $0.setLimit($1) },
        Route(.post, "/api/v1/types/{type}/pause", .admin, query: ["create"]) { try await $0.pause($1) },
        Route(.post, "/api/v1/types/{type}/resume", .admin) { try await $0.resume($1) },
        Route(.get, "/api/v1/schedules", .read, query: ["after", "limit"]) { try await $0.schedules($1) },
        Route(.post, "/api/v1/schedules/preview", .read) { try await $0.previewSchedule($1) },
        Route(.get, "/api/v1/schedules/{name}", .read) { try await $0.schedule($1) },
        Route(.put, "/api/v1/schedules/{name}", .admin) { try await $0.setSchedule($1) },
        Route(.patch, "/api/v1/schedules/{name}", .admin) { try await $0.patchSchedule($1) },
        Route(.delete, "/api/v1/schedules/{name}", .admin) { try await $0.removeSchedule($1) },
        Route(.post, "/api/v1/schedules/{name}/pause", .admin) { try await $0.pauseSchedule($1) },
        Route(.post, "/api/v1/schedules/{name}/resume", .admin) { try await $0.resumeSchedule($1) },
        Route(.post, "/api/v1/schedules/{name}/run", .admin) { try await $0.runSchedule($1) },
        Route(.post, "/api/v1/schedules/{name}/backfill", .admin) { try await $0.backfillSchedule($1) },
    ]

    /// Routes for remote workers.
    private static let leases: [Route] = [
        Route(.post, "/api/v1/leases", .work) { try await $0.lease($1) },
        Route(.put, "/api/v1/leases", .work) { try await $0.extendAll($1) },
        Route(.post, "/api/v1/leases/progress", .work) { try await $0.reportAll($1) },
        Route(.post, "/api/v1/leases/complete", .work) { try await $0.endAll($1, .completion) },
        Route(.post, "/api/v1/leases/fail", .work) { try await $0.endAll($1, .failure) },
        Route(.post, "/api/v1/leases/release", .work) { try await $0.endAll($1, .release) },
        Route(.put, "/api/v1/leases/{lease}", .work) { try await $0.extend($1) },
        Route(.post, "/api/v1/leases/{lease}/progress", .work) { try await $0.report($1) },
        Route(.post, "/api/v1/leases/{lease}/complete", .work) {
            try await $0.end($1, .completion)
        },
        Route(.post, "/api/v1/leases/{lease}/fail", .work) { try await $0.end($1, .failure) },
        Route(.post, "/api/v1/leases/{lease}/release", .work) { try await $0.end($1, .release) },
        Route(.delete, "/api/v1/workers/{name}", .work) { try await $0.deregisterWorker($1) },
    ]
}
