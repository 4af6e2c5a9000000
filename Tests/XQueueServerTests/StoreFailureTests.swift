import HTTPTypes
import NIOCore
import Testing
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting

@testable import XQueueServer

@Suite("Store failures") struct StoreFailureTests {
    static let calls: [(StoreVerb, String, String, String?)] = [
        (.insert, "POST", "/api/v1/tasks", #"{"type":"a"}"#),
        (.insert, "POST", "/api/v1/tasks/batch", #"{"tasks":[{"type":"a"}]}"#),
        (.tasks, "GET", "/api/v1/tasks", nil),
        (.task, "GET", "/api/v1/tasks/\(TaskTests.absent)", nil),
        (.cancel, "DELETE", "/api/v1/tasks/\(TaskTests.absent)", nil),
        (.task, "PATCH", "/api/v1/tasks/\(TaskTests.absent)", "{}"),
        (.requeue, "POST", "/api/v1/tasks/\(TaskTests.absent)/retry", nil),
        (.statistics, "GET", "/api/v1/stats", nil),
        (.types, "GET", "/api/v1/types", nil),
        (.setPaused, "POST", "/api/v1/types/a/pause?create=true", nil),
        (.types, "POST", "/api/v1/types/a/resume", nil),
        (.removeTypes, "DELETE", "/api/v1/types/a", nil),
    ]

    @Test("Every call is 503 with Retry-After", arguments: calls)
    func unavailable(verb: StoreVerb, method: String, path: String, body: String?) async throws {
        try await TestAPI.run { api in
            for code in [StoreError.Code.unavailable, .corrupt, .closed, .inUse] {
                api.store.fail(verb, with: StoreError(code, "the file is locked"))
                let reply = try await api.send(
                    try #require(HTTPRequest.Method(rawValue: method)), path, body.map { .init(string: $0) })
                reply.expectError(503, "store_unavailable", says: "the file is locked")
                #expect(reply.headers[.retryAfter] == "2")
            }
        }
    }

    @Test("A full backlog is 429 until a task has left") func backlog() async throws {
        try await TestAPI.run(limits: StoreLimits(maxBacklog: 2)) { api in
            let first = try await api.makeTask()
            _ = try await api.makeTask()
            for _ in 0..<2 {
                let reply = try await api.submit(#"{"type":"a"}"#)
                reply.expectError(429, "backlog_full")
                #expect(reply.headers[.retryAfter] == "1")
            }
            try await api.submitBatch(#"{"tasks":[{"type":"a"}]}"#).expectError(429, "backlog_full")
            _ = try await api.send(.delete, "/api/v1/tasks/\(first)")
            #expect(try await api.submit(#"{"type":"a"}"#).status == 201)
        }
    }

    @Test("Too many types are 429, without Retry-After") func types() async throws {
        try await TestAPI.run(limits: StoreLimits(maxTypes: 1)) { api in
            _ = try await api.makeTask(type: "a")
            let reply = try await api.submit(#"{"type":"b"}"#)
            reply.expectError(429, "too_many_types")
            #expect(reply.headers[.retryAfter] == nil)
        }
    }
}
