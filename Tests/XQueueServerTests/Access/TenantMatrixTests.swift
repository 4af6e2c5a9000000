import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

/// Calls every route as one tenant for another's resources; a new route without a row fails.
@Suite("Two tenants") struct TenantMatrixTests {
    @Test("Every route has a row") func complete() {
        let routes = Routes.all.map { "\($0.method.rawValue) \($0.path.text)" }
        #expect(Set(routes) == Set(Self.rows.keys))
    }

    @Test(
        "Neither can see or change anything of the other", arguments: rows.keys.sorted(),
        [true, false])
    func row(_ route: String, isTurned: Bool) async throws {
        let row = try #require(Self.rows[route])
        try await Tenants.run(isTurned: isTurned) { tenants in
            let before = try await tenants.everythingOfTheVictim()
            try await row(tenants)
            #expect(try await tenants.everythingOfTheVictim() == before, "\(route)")
        }
    }

    private static let rows: [String: @Sendable (Tenants) async throws -> Void] = [
        // Public.
        "GET /": { try await $0.showsNothing(.get, "/") },
        "GET /console/{file}": { try await $0.showsNothing(.get, "/console/app.js") },
        "GET /api/v1": { try await $0.showsNothing(.get, "/api/v1") },
        "GET /api/v1/openapi.json": { try await $0.showsNothing(.get, "/api/v1/openapi.json") },
        "GET /livez": { try await $0.showsNothing(.get, "/livez") },
        "GET /readyz": { try await $0.showsNothing(.get, "/readyz") },
        "GET /api/v1/health": { try await $0.showsNothing(.get, "/api/v1/health") },
        "GET /api/v1/session": { try await $0.showsNothing(.get, "/api/v1/session") },
        "POST /api/v1/session": { tenants in
            let body = #"{"token":"\#(tenants.own.token)"}"#
            try await tenants.showsNothing(.post, "/api/v1/session", body)
        },
        "DELETE /api/v1/session": { try await $0.showsNothing(.delete, "/api/v1/session") },
        // About the whole queue.
        "GET /api/v1/log-level": { tenants in
            try await tenants.call(.get, "/api/v1/log-level").expectError(403, "forbidden")
        },
        "PUT /api/v1/log-level": { tenants in
            try await tenants.call(.put, "/api/v1/log-level", #"{"level":"trace"}"#)
                .expectError(403, "forbidden")
        },
        "POST /api/v1/schedules/preview": { tenants in
            try await tenants.showsNothing(.post, "/api/v1/schedules/preview", #"{"cron":"@daily"}"#)
        },
        "GET /metrics": { try await $0.showsNothing(.get, "/metrics", shows: true) },
        "GET /api/v1/stats": { tenants in
            let reply = try await tenants.showsNothing(.get, "/api/v1/stats", shows: true)
            #expect(reply.integer("total_tasks") == 2)
            for name in ["oldest_pending_age", "total_workers", "active_workers", "intake"] {
                #expect(reply.raw(name) == "null", "\(name)")
            }
            #expect(reply.raw("rates", "submitted") == "null")
        },
        "GET /api/v1/workers": { tenants in
            let reply = try await tenants.showsNothing(.get, "/api/v1/workers", shows: true)
            #expect(reply.elements("workers").map { $0.string("id") } == [tenants.own.worker])
        },
        // Tasks.
        "POST /api/v1/tasks": { tenants in
            // Keys are per tenant.
            let reply = try await tenants.showsNothing(
                .post, "/api/v1/tasks",
                #"{"type":"\#(tenants.own.type)","unique_key":"new","concurrency_key":"new"}"#)
            #expect(reply.status == 201)
            try await tenants.call(
                .post, "/api/v1/tasks", #"{"type":"\#(tenants.own.type)","id":"\#(tenants.victim.waiting)"}"#
            ).expectError(409, "id_taken", field: "id")
            try await tenants.sameAsAbsent(
                .post, "/api/v1/tasks", #"{"type":"TARGET"}"#, \.type, absent: "nobody")
        },
        "POST /api/v1/tasks/batch": { tenants in
            let own = tenants.own.type
            let body = #"{"tasks":[{"type":"\#(own)","unique_key":"k"},{"type":"\#(own)"}]}"#
            let reply = try await tenants.showsNothing(.post, "/api/v1/tasks/batch", body)
            #expect(reply.elements("tasks").first?.string("id") == tenants.own.waiting.description)
            try await tenants.call(
                .post, "/api/v1/tasks/batch",
                #"{"tasks":[{"type":"\#(own)"},{"type":"\#(own)","id":"\#(tenants.victim.waiting)"}]}"#
            ).expectError(409, "id_taken", field: "tasks[1].id")
            try await tenants.sameAsAbsent(
                .post, "/api/v1/tasks/batch", #"{"tasks":[{"type":"TARGET"}]}"#, \.type, absent: "nobody")
        },
        "GET /api/v1/tasks": { tenants in
            let reply = try await tenants.showsNothing(.get, "/api/v1/tasks", shows: true)
            #expect(reply.integer("total") == 2)
            for query in ["concurrency_key=k", "status=pending&status=processing"] {
                try await tenants.showsNothing(.get, "/api/v1/tasks?\(query)", shows: true)
            }
            try await tenants.sameAsAbsent(
                .get, "/api/v1/tasks?type=TARGET", nil, \.type, absent: "nobody")
            try await tenants.sameAsAbsent(
                .get, "/api/v1/tasks?concurrency_key=TARGET/k", nil, \.type, absent: "nobody")
        },
        "GET /api/v1/tasks/{id}": { try await $0.sameForATask(.get, "/api/v1/tasks/TARGET") },
        "PATCH /api/v1/tasks/{id}": { tenants in
            for body in ["{}", #"{"priority":9}"#, #"{"type":"\#(tenants.own.type)"}"#, #"{"colour":1}"#] {
                try await tenants.sameForATask(.patch, "/api/v1/tasks/TARGET", body)
            }
            try await tenants.call(
                .patch, "/api/v1/tasks/\(tenants.own.waiting)", #"{"type":"\#(tenants.victim.type)"}"#
            ).expectError(400, "invalid_field", field: "type")
        },
        "DELETE /api/v1/tasks/{id}": { try await $0.sameForATask(.delete, "/api/v1/tasks/TARGET") },
        "POST /api/v1/tasks/{id}/retry": { try await $0.sameForATask(.post, "/api/v1/tasks/TARGET/retry") },
        "GET /api/v1/events": { tenants in
            // The stream itself is followed in TypeLimitedTests.
            try await tenants.sameAsAbsent(
                .get, "/api/v1/events?type=TARGET", nil, \.type, absent: "nobody")
        },
        // Types.
        "GET /api/v1/types": { try await $0.showsNothing(.get, "/api/v1/types", shows: true) },
        "DELETE /api/v1/types/{type}": { try await $0.sameForAType(.delete, "") },
        "PUT /api/v1/types/{type}/limit": { tenants in
            try await tenants.sameForAType(.put, "/limit", #"{"max_concurrency":1}"#)
            try await tenants.sameForAType(.put, "/limit?create=true", #"{"max_concurrency":1}"#)
        },
        "POST /api/v1/types/{type}/pause": { tenants in
            try await tenants.sameForAType(.post, "/pause")
            try await tenants.sameForAType(.post, "/pause?create=true")
        },
        "POST /api/v1/types/{type}/resume": { try await $0.sameForAType(.post, "/resume") },
        // Schedules.
        "GET /api/v1/schedules": { tenants in
            try await tenants.showsNothing(.get, "/api/v1/schedules", shows: true)
            let page = try await tenants.showsNothing(.get, "/api/v1/schedules?limit=1", shows: true)
            #expect(page.raw("has_more") == "false")
        },
        "GET /api/v1/schedules/{name}": { try await $0.sameForASchedule(.get, "") },
        "PUT /api/v1/schedules/{name}": { tenants in
            let body = #"{"cron":"@daily","task":{"type":"\#(tenants.own.type)"}}"#
            try await tenants.call(.put, "/api/v1/schedules/\(tenants.victim.schedule)", body)
                .expectError(409, "name_taken", field: "name")
            try await tenants.sameAsAbsent(
                .put, "/api/v1/schedules/new", #"{"cron":"@daily","task":{"type":"TARGET"}}"#, \.type,
                absent: "nobody")
        },
        "PATCH /api/v1/schedules/{name}": { tenants in
            try await tenants.sameForASchedule(.patch, "", #"{"cron":"@hourly"}"#)
            try await tenants.call(
                .patch, "/api/v1/schedules/\(tenants.own.schedule)",
                #"{"task":{"type":"\#(tenants.victim.type)"}}"#
            ).expectError(403, "forbidden", field: "task.type")
        },
        "DELETE /api/v1/schedules/{name}": { try await $0.sameForASchedule(.delete, "") },
        "POST /api/v1/schedules/{name}/pause": { try await $0.sameForASchedule(.post, "/pause") },
        "POST /api/v1/schedules/{name}/resume": { try await $0.sameForASchedule(.post, "/resume") },
        "POST /api/v1/schedules/{name}/run": { try await $0.sameForASchedule(.post, "/run") },
        "POST /api/v1/schedules/{name}/backfill": { tenants in
            try await tenants.sameForASchedule(
                .post, "/backfill", #"{"from":"2020-01-01T00:00:00Z","to":"2020-01-02T00:00:00Z"}"#)
        },
        // Workers.
        "POST /api/v1/leases": { tenants in
            try await tenants.sameAsAbsent(
                .post, "/api/v1/leases", #"{"worker":"w","types":["TARGET"]}"#, \.type, absent: "nobody")
            let body = #"{"worker":"\#(tenants.victim.worker)","types":["\#(tenants.own.type)"]}"#
            let reply = try await tenants.call(.post, "/api/v1/leases", body)
            reply.expectError(409, "worker_name_taken", field: "worker")
            // The victim's running task with the same key does not park it.
            let lease = try await tenants.showsNothing(
                .post, "/api/v1/leases", #"{"worker":"w","types":["\#(tenants.own.type)"],"max_tasks":9}"#)
            #expect(lease.elements("leases").count == 1)
        },
        "PUT /api/v1/leases": { try await $0.sameForLeases(.put, "") },
        "POST /api/v1/leases/progress": {
            try await $0.sameForLeases(.post, "/progress", #","progress":50"#)
        },
        "POST /api/v1/leases/complete": { try await $0.sameForLeases(.post, "/complete") },
        "POST /api/v1/leases/fail": { try await $0.sameForLeases(.post, "/fail", #","error":"no""#) },
        "POST /api/v1/leases/release": { try await $0.sameForLeases(.post, "/release") },
        "PUT /api/v1/leases/{lease}": { try await $0.sameForALease(.put, "") },
        "POST /api/v1/leases/{lease}/progress": {
            try await $0.sameForALease(.post, "/progress", #"{"progress":50}"#)
        },
        "POST /api/v1/leases/{lease}/complete": { try await $0.sameForALease(.post, "/complete", "{}") },
        "POST /api/v1/leases/{lease}/fail": {
            try await $0.sameForALease(.post, "/fail", #"{"error":"no"}"#)
        },
        "POST /api/v1/leases/{lease}/release": { try await $0.sameForALease(.post, "/release", "{}") },
        "DELETE /api/v1/workers/{name}": { tenants in
            try await tenants.sameAsAbsent(
                .delete, "/api/v1/workers/TARGET", nil, \.worker, absent: "no-such-worker")
        },
    ]
}
