import HTTPTypes
import Testing
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("One task: get, cancel, retry") struct TaskTests {
    static let absent = TaskID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)

    @Test(
        "An unknown or malformed ID is 404",
        arguments: [absent.description, "7", "%ff", "a%2Fb"])
    func notFound(id: String) async throws {
        try await TestAPI.run { api in
            let code = "not_found"
            try await api.get("/api/v1/tasks/\(id)").expectError(404, code)
            try await api.send(.delete, "/api/v1/tasks/\(id)").expectError(404, code)
            try await api.edit(id, "{}").expectError(404, code)
            try await api.post("/api/v1/tasks/\(id)/retry").expectError(404, code)
        }
    }

    @Test("IDs are case-insensitive") func upperCase() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            let reply = try await api.get("/api/v1/tasks/\(id.description.uppercased())")
            #expect(reply.string("id") == id.description)
        }
    }

    @Test("A failed attempt is reported with its times") func failure() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(#","max_retry":0"#)
            let attempt = try await api.claim()
            try await api.store.report([
                ProgressReport(
                    attempt: attempt, progress: TaskProgress(percent: 12.5, message: "half \"way\""))
            ])
            let running = try await api.get("/api/v1/tasks/\(id)")
            #expect(running.string("status") == "processing")
            #expect(running.raw("pending_reason") == "null")
            #expect(running.number("progress") == 12.5)
            #expect(running.string("progress_message") == "half \"way\"")
            #expect(running.string("worker_id") == "worker-1")
            api.clock.advance(by: .seconds(3))
            try await api.settle(attempt, .failure(AttemptFailure("no\nluck"), draw: 0.5))
            let failed = try await api.get("/api/v1/tasks/\(id)")
            #expect(failed.string("status") == "failed")
            #expect(failed.string("error") == "no\nluck")
            #expect(
                failed.raw("errors") == """
                    [{"attempt":1,"kind":"error","error":"no\\nluck","worker_id":"worker-1",\
                    "started_at":"2026-01-01T00:00:00.000Z","ended_at":"2026-01-01T00:00:03.000Z"}]
                    """)
            #expect(failed.string("completed_at") == "2026-01-01T00:00:03.000Z")
        }
    }

    @Test("A pending task is canceled immediately") func cancelPending() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            let reply = try await api.send(.delete, "/api/v1/tasks/\(id)")
            #expect(reply.status == 200)
            #expect(reply.memberNames == ["message", "task"])
            #expect(reply.string("message") == "task canceled")
            #expect(reply.raw("task", "status") == "\"canceled\"")
            try await api.send(.delete, "/api/v1/tasks/\(id)")
                .expectError(409, "already_ended", says: id.description)
        }
    }

    @Test("A running task is asked to stop") func cancelRunning() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            _ = try await api.claim()
            for _ in 0..<2 {
                let reply = try await api.send(.delete, "/api/v1/tasks/\(id)")
                #expect(reply.status == 200)
                #expect(reply.string("message") == "cancellation requested")
                #expect(reply.raw("task", "status") == "\"processing\"")
                #expect(reply.raw("task", "cancel_requested_at") == "\"2026-01-01T00:00:00.000Z\"")
            }
        }
    }

    @Test("A canceled task can be retried") func retry() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            try await api.post("/api/v1/tasks/\(id)/retry").expectError(409, "not_requeueable")
            _ = try await api.send(.delete, "/api/v1/tasks/\(id)")
            let reply = try await api.post("/api/v1/tasks/\(id)/retry")
            #expect(reply.status == 200)
            #expect(reply.string("id") == id.description)
            #expect(reply.string("status") == "pending")
            #expect(reply.integer("version") == 3 && reply.headers[.eTag] == "\"3\"")
            #expect(try await api.get("/api/v1/tasks/\(id)").headers[.eTag] == "\"3\"")
            #expect(reply.raw("completed_at") == "null")
        }
    }

    @Test("A successful task cannot be retried") func retrySuccess() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            try await api.settle(try await api.claim(), .success(nil))
            try await api.post("/api/v1/tasks/\(id)/retry").expectError(409, "not_requeueable")
            #expect(try await api.get("/api/v1/tasks/\(id)").raw("result") == "null")
        }
    }

    @Test("Nor can one whose unique key is taken") func retryTaken() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(#","unique_key":"k""#)
            _ = try await api.send(.delete, "/api/v1/tasks/\(id)")
            _ = try await api.makeTask(#","unique_key":"k""#)
            try await api.post("/api/v1/tasks/\(id)/retry").expectError(409, "unique_key_taken")
        }
    }
}
