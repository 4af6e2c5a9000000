import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

@Suite("stats, health, types and /") struct StatusTests {
    @Test("stats of an empty queue") func emptyStats() async throws {
        var configuration = ServerConfiguration()
        configuration.version = "1.2.3"
        var queue = QueueConfiguration()
        queue.workerID = "node-1"
        queue.maxConcurrency = 7
        try await TestAPI.run(configuration: configuration, queue: queue) { api in
            api.clock.advance(by: .milliseconds(1500))
            let reply = try await api.get("/api/v1/stats")
            #expect(reply.status == 200)
            #expect(
                reply.text == """
                    {"pending_tasks":0,"processing_tasks":0,"success_tasks":0,"failed_tasks":0,\
                    "canceled_tasks":0,"timeout_tasks":0,"total_tasks":0,"total_workers":7,\
                    "active_workers":0,"stuck_workers":0,"workers":[],"oldest_pending_age":null,\
                    "rates":{"window_seconds":60,"submitted":0,"started":0,"succeeded":0,"failed":0,\
                    "retried":0,"canceled":0,"timed_out":0,"seconds":{"start":"2026-01-01T00:00:01.000Z",\
                    "submitted":[],"started":[],"succeeded":[],"failed":[],"retried":[],"canceled":[],\
                    "timed_out":[]}},"types":[],"concurrency_keys":[],\
                    "concurrency_keys_in_use":0,"sinks":[],"intake":null,"uptime":1.5,"instance_id":"node-1",\
                    "version":"1.2.3"}
                    """)
        }
    }

    @Test("stats count per status, per type and per key") func stats() async throws {
        try await TestAPI.run { api in
            // The second in which the store was opened is incomplete.
            api.clock.advance(by: .seconds(1))
            try api.manager.register("a", maxConcurrency: 5) { _ -> RawJSON? in nil }
            _ = try await api.makeTask(type: "a", #","concurrency_key":"k","max_concurrency":2"#)
            let canceled = try await api.makeTask(type: "b")
            _ = try await api.send(.delete, "/api/v1/tasks/\(canceled)")
            _ = try await api.claim(type: "a")
            _ = try await api.makeTask(type: "a")
            api.clock.advance(by: .seconds(2))
            let reply = try await api.get("/api/v1/stats")
            #expect(reply.integer("pending_tasks") == 1)
            #expect(reply.integer("processing_tasks") == 1)
            #expect(reply.integer("canceled_tasks") == 1)
            #expect(reply.integer("total_tasks") == 3)
            #expect(reply.number("oldest_pending_age") == 2)
            #expect(reply.raw("rates", "submitted") == "0.05")
            #expect(reply.raw("rates", "canceled") == "0.017")
            #expect(reply.raw("rates", "seconds", "start") == #""2026-01-01T00:00:01.000Z""#)
            #expect(reply.raw("rates", "seconds", "submitted") == "[3,0]")
            #expect(reply.raw("rates", "seconds", "canceled") == "[1,0]")
            #expect(reply.raw("concurrency_keys") == #"[{"key":"k","held":1,"limit":2,"waiting":0}]"#)
            #expect(reply.integer("concurrency_keys_in_use") == 1)
            let types = reply.elements("types")
            #expect(types.map { $0.string("type") } == ["a", "b"])
            #expect(types.map { $0.raw("has_handler") } == ["true", "false"])
            #expect(types.map { $0.integer("processing") } == [1, 0])
            #expect(try await api.get("/api/v1/types").raw("types") == reply.raw("types"))
        }
    }

    @Test("A type is paused and resumed") func pause() async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask(type: "a:b")
            let paused = try await api.post("/api/v1/types/a%3Ab/pause")
            #expect(paused.status == 200)
            #expect(
                paused.text == """
                    {"type":"a:b","has_handler":false,"paused":true,"max_concurrency":null,"pending":1,\
                    "processing":0,"success":0,"failed":0,"canceled":0,"timeout":0}
                    """)
            await #expect(throws: Unexpected.self) { try await api.claim(type: "a:b") }
            let resumed = try await api.post("/api/v1/types/a:b/resume", "{}")
            #expect(resumed.raw("paused") == "false")
            _ = try await api.claim(type: "a:b")
        }
    }

    @Test("An unknown type can be paused before its first task, with create=true") func pauseUnseen()
        async throws
    {
        try await TestAPI.run { api in
            for (method, verb) in [(HTTPRequest.Method.post, "pause"), (.post, "resume"), (.put, "limit")] {
                let body = verb == "limit" ? ByteBuffer(string: #"{"max_concurrency":1}"#) : nil
                let reply = try await api.send(method, "/api/v1/types/new/\(verb)", body)
                reply.expectError(404, "not_found", says: "new")
            }
            #expect(try await api.get("/api/v1/types").elements("types").isEmpty)
            try await api.post("/api/v1/types/new/pause?create=yes")
                .expectError(400, "invalid_field", field: "create")
            try await api.post("/api/v1/types/new/resume?create=true")
                .expectError(400, "unknown_field", field: "create")
            let limited = try await api.put("/api/v1/types/new/limit?create=true", #"{"max_concurrency":1}"#)
            #expect(limited.integer("max_concurrency") == 1)
            #expect(try await api.post("/api/v1/types/new/pause?create=true").raw("paused") == "true")
            _ = try await api.makeTask(type: "new")
            await #expect(throws: Unexpected.self) { try await api.claim(type: "new") }
        }
    }

    @Test("A type without tasks can be deleted, with its settings") func delete() async throws {
        try await TestAPI.run { api in
            try await api.send(.delete, "/api/v1/types/a").expectError(404, "not_found", says: "a")
            let id = try await api.makeTask(type: "a")
            _ = try await api.post("/api/v1/types/a/pause")
            try await api.send(.delete, "/api/v1/types/a").expectError(409, "type_in_use", says: "a")
            _ = try await api.send(.delete, "/api/v1/tasks/\(id)")
            try await api.send(.delete, "/api/v1/types/a").expectError(409, "type_in_use")
            api.clock.advance(by: .seconds(100))
            _ = try await api.store.prune(Retention(age: .seconds(1), count: 0), limit: 10)
            #expect(try await api.send(.delete, "/api/v1/types/a").string("message") == "type deleted")
            #expect(try await api.get("/api/v1/types").elements("types").isEmpty)
            try await api.send(.delete, "/api/v1/types/a%20b").expectError(
                400, "invalid_field", field: "type")
            // Recreated, without the pause.
            _ = try await api.makeTask(type: "a")
            _ = try await api.claim(type: "a")
        }
    }

    @Test("A type's limit is set, enforced and removed") func limit() async throws {
        try await TestAPI.run { api in
            for _ in 0..<3 { _ = try await api.makeTask(type: "a:b") }
            let limited = try await api.put("/api/v1/types/a:b/limit", #"{"max_concurrency":1}"#)
            #expect(limited.status == 200)
            #expect(limited.raw("max_concurrency") == "1")
            _ = try await api.claim(type: "a:b")
            await #expect(throws: Unexpected.self) { try await api.claim(type: "a:b") }
            let lifted = try await api.put("/api/v1/types/a:b/limit", #"{"max_concurrency":null}"#)
            #expect(lifted.raw("max_concurrency") == "null")
            _ = try await api.claim(type: "a:b")
        }
    }

    @Test(
        "An invalid limit is rejected",
        arguments: [
            (#"{"max_concurrency":0}"#, "invalid_field"), (#"{"max_concurrency":1.5}"#, "invalid_field"),
            (#"{"max_concurrency":1000001}"#, "invalid_field"), ("{}", "invalid_field"),
            (#"{"max_concurrency":1,"x":1}"#, "unknown_field"), ("[]", "malformed_json"),
            ("", "malformed_json"),
        ])
    func limitIllegal(body: String, code: String) async throws {
        try await TestAPI.run { api in
            let reply = try await api.put("/api/v1/types/a/limit", body)
            #expect(reply.status == 400)
            #expect(reply.string("code") == code)
        }
    }

    @Test("An invalid type cannot be paused", arguments: ["a%20b", "%C3%A9", "a%2Fb"])
    func pauseIllegal(type: String) async throws {
        try await TestAPI.run { api in
            for verb in ["pause", "resume"] {
                try await api.post("/api/v1/types/\(type)/\(verb)")
                    .expectError(400, "invalid_field", field: "type")
            }
        }
    }

    @Test("health is ok, or says what is wrong") func health() async throws {
        try await TestAPI.run { api in
            var fine = try await api.get("/api/v1/health")
            // A store that takes a second, as on a busy machine, counts as not responding.
            try await eventually("the store responds in time") {
                fine = try await api.get("/api/v1/health")
                return fine.status == 200
            }
            #expect(fine.memberNames == ["status", "timestamp", "version", "checks"])
            #expect(fine.string("status") == "ok")
            #expect(fine.string("version") == "dev")
            #expect(fine.string("timestamp").flatMap { RFC3339Reader.timestamp($0) } != nil)
            #expect(fine.raw("checks", "store", "status") == "\"ok\"")
            #expect(fine.raw("checks", "store", "name") == "\"\(api.store.name)\"")
            api.store.fail(.check, times: .max, with: StoreError(.unavailable, "the disk is full"))
            let broken = try await api.get("/api/v1/health")
            #expect(broken.status == 503)
            #expect(broken.headers[.retryAfter] != nil)
            #expect(broken.string("status") == "unavailable")
            #expect(broken.raw("checks", "store", "error") == "\"the disk is full\"")
        }
    }

    @Test("/api/v1 lists the entry points") func root() async throws {
        try await TestAPI.run { api in
            let reply = try await api.get("/api/v1")
            #expect(reply.status == 200)
            #expect(reply.string("api") == "/api/v1")
        }
    }
}
