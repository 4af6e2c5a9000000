import HTTPTypes

extension Routes {
    /// What workers in other programs use.
    static let leases: [Route] = [
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
        Route(.delete, "/api/v1/workers/{name}", .work) { try await $0.forgetWorker($1) },
    ]
}
