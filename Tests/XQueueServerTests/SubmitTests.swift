import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("POST /api/v1/tasks") struct SubmitTests {
    @Test("A new task is returned in full, with its Location") func wholeTask() async throws {
        try await TestAPI.run { api in
            let reply = try await api.submit(
                """
                {"type":"resize","payload":{"a":1},"priority":-5,"max_retry":7,"queue_timeout":1.5,
                 "process_timeout":0,"concurrency_key":"user","max_concurrency":3,"delay":2.25,
                 "unique_key":"once","metadata":{"user" : 7.0},"retry_policy":{"strategy":"linear","delay":2,"max_delay":60,"jitter":0}}
                """)
            #expect(reply.status == 201)
            let id = try #require(reply.string("id"))
            #expect(reply.headers[.location] == "/api/v1/tasks/\(id)")
            #expect(reply.headers[.contentType] == "application/json; charset=utf-8")
            #expect(
                reply.text == """
                    {"id":"\(id)","type":"resize","payload":{"a":1},"priority":-5,"max_retry":7,\
                    "queue_timeout":1.5,"process_timeout":0,"concurrency_key":"user","max_concurrency":3,\
                    "unique_key":"once","unique":{"key":"once","until":"done","window":null,"across_types":false},\
                    "metadata":{"user" : 7.0},\
                    "retry_policy":{"strategy":"linear","delay":2,"max_delay":60,"jitter":0},\
                    "traceparent":null,"tracestate":null,"scheduled":null,\
                    "status":"pending","pending_reason":"scheduled","attempt":1,"retry_count":0,\
                    "error":null,"errors":[],"result":null,"progress":null,"progress_message":null,\
                    "worker_id":null,"version":1,"created_at":"2026-01-01T00:00:00.000Z",\
                    "updated_at":"2026-01-01T00:00:00.000Z","run_at":"2026-01-01T00:00:02.250Z",\
                    "started_at":null,"completed_at":null,"cancel_requested_at":null}
                    """)
            let again = try await api.get("/api/v1/tasks/\(id)")
            #expect(again.status == 200)
            #expect(again.text == reply.text)
        }
    }

    @Test("Omitted and null fields get the defaults") func defaults() async throws {
        try await TestAPI.run { api in
            let short = try await api.submit(#"{"type":"a"}"#)
            let nulls = try await api.submit(
                """
                {"type":"a","payload":null,"priority":null,"max_retry":null,"queue_timeout":null,
                 "process_timeout":null,"concurrency_key":null,"max_concurrency":null,"delay":null,
                 "run_at":null,"unique_key":null,"unique":null,"metadata":null,"retry_policy":null}
                """)
            for reply in [short, nulls] {
                #expect(reply.status == 201)
                #expect(reply.raw("payload") == "null")
                #expect(reply.integer("priority") == 0)
                #expect(reply.integer("max_retry") == 3)
                #expect(reply.integer("queue_timeout") == 600)
                #expect(reply.integer("process_timeout") == 600)
                #expect(reply.raw("concurrency_key") == "null")
                #expect(reply.raw("max_concurrency") == "null")
                #expect(reply.raw("metadata") == "null")
                #expect(reply.string("pending_reason") == "ready")
                #expect(
                    reply.raw("retry_policy")
                        == #"{"strategy":"exponential","delay":1,"max_delay":300,"jitter":0.2}"#)
            }
        }
    }

    @Test("A key without a limit means one; a limit without a key makes the type the key")
    func concurrency() async throws {
        try await TestAPI.run { api in
            let key = try await api.submit(#"{"type":"a","concurrency_key":"k"}"#)
            #expect(key.string("concurrency_key") == "k")
            #expect(key.integer("max_concurrency") == 1)
            let number = try await api.submit(#"{"type":"a","max_concurrency":4}"#)
            #expect(number.string("concurrency_key") == "a")
            #expect(number.integer("max_concurrency") == 4)
        }
    }

    @Test("A retry policy may be given in part") func partialPolicy() async throws {
        try await TestAPI.run { api in
            let reply = try await api.submit(
                #"{"type":"a","retry_policy":{"strategy":"fixed","delay":0.25,"jitter":null}}"#)
            #expect(
                reply.raw("retry_policy")
                    == #"{"strategy":"fixed","delay":0.25,"max_delay":300,"jitter":0.2}"#)
        }
    }

    @Test(
        "run_at takes any offset and fraction",
        arguments: [
            ("2026-01-01T08:00:01+08:00", "2026-01-01T00:00:01.000Z"),
            ("2026-01-01t00:00:00.5z", "2026-01-01T00:00:00.500Z"),
            ("2025-12-31T18:30:00.1239-05:31", "2026-01-01T00:01:00.123Z"),
            ("2030-02-28T23:59:60Z", "2030-03-01T00:00:00.000Z"),
        ])
    func runAt(asked: String, stored: String) async throws {
        try await TestAPI.run { api in
            let reply = try await api.submit(#"{"type":"a","run_at":"\#(asked)"}"#)
            #expect(reply.status == 201)
            #expect(reply.string("run_at") == stored)
            #expect(reply.string("pending_reason") == "scheduled")
        }
    }

    @Test("A run_at in the past means immediately") func past() async throws {
        try await TestAPI.run { api in
            let reply = try await api.submit(#"{"type":"a","run_at":"1999-12-31T23:59:59Z"}"#)
            #expect(reply.string("pending_reason") == "ready")
            #expect(reply.string("run_at") == "2026-01-01T00:00:00.000Z")
        }
    }

    @Test("The same ID returns the existing task, finished or not") func ownIdentifier() async throws {
        try await TestAPI.run { api in
            let id = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"
            let first = try await api.submit(#"{"type":"a","id":"\#(id)","payload":1}"#)
            #expect(first.status == 201)
            #expect(first.string("id") == id)
            let second = try await api.submit(#"{"type":"a","id":"\#(id)","payload":2}"#)
            #expect(second.status == 200)
            #expect(second.text == first.deduplicated)
            let ended = try await api.send(.delete, "/api/v1/tasks/\(id)", nil)
            #expect(ended.status == 200)
            let batch = try await api.submitBatch(#"{"tasks":[{"type":"a","id":"\#(id)"},{"type":"a"}]}"#)
            #expect(batch.status == 201)
            #expect(batch.elements("tasks").first?.string("status") == "canceled")
            #expect(try await api.get("/api/v1/tasks").integer("total") == 2)
        }
    }

    @Test("The same unique key returns the existing task") func uniqueKey() async throws {
        try await TestAPI.run { api in
            let first = try await api.submit(#"{"type":"a","unique_key":"k","payload":1}"#)
            let second = try await api.submit(#"{"type":"a","unique_key":"k","payload":2}"#)
            #expect(first.status == 201)
            #expect(second.status == 200)
            #expect(second.headers[.location] == nil)
            #expect(second.text == first.deduplicated)
        }
    }

    @Test(
        "The Content-Type is JSON or omitted",
        arguments: [
            nil, "application/json", "Application/JSON", "application/json; charset=utf-8",
            "application/json;charset=utf-8", "application/json ; a=b",
        ])
    func contentType(type: String?) async throws {
        try await TestAPI.run { api in
            var headers = HTTPFields()
            headers[.contentType] = type
            let body = ByteBuffer(string: #"{"type":"a"}"#)
            let reply = try await api.send(.post, "/api/v1/tasks", body, headers: headers)
            #expect(reply.status == 201)
        }
    }

    @Test(
        "Any other Content-Type is rejected",
        arguments: ["application/x-www-form-urlencoded", "text/plain", "application/jsonx", "", ";"])
    func otherContentType(type: String) async throws {
        try await TestAPI.run { api in
            for path in ["/api/v1/tasks", "/api/v1/tasks/batch"] {
                let body = ByteBuffer(string: #"{"type":"a"}"#)
                let reply = try await api.send(.post, path, body, headers: [.contentType: type])
                reply.expectError(415, "unsupported_media_type", says: "application/json")
            }
        }
    }

    @Test("The body has a limit, to the byte") func bodyLimit() async throws {
        var configuration = ServerConfiguration()
        configuration.maxBodyBytes = 64
        try await TestAPI.run(configuration: configuration) { api in
            let fits = #"{"type":"a"}"# + String(repeating: " ", count: 64 - 12)
            #expect(try await api.submit(fits).status == 201)
            let reply = try await api.submit(fits + " ")
            reply.expectError(413, "body_too_large", says: "64 bytes")
            #expect(reply.headers[.connection] == "close")
            try await api.submitBatch(fits + " ").expectError(413, "body_too_large")
        }
    }

    @Test("The payload has a limit of its own") func payloadLimit() async throws {
        var queue = QueueConfiguration()
        queue.maxPayloadBytes = 10
        try await TestAPI.run(queue: queue) { api in
            #expect(try await api.submit(#"{"type":"a","payload":"12345678"}"#).status == 201)
            try await api.submit(#"{"type":"a","payload":"123456789"}"#)
                .expectError(400, "invalid_field", field: "payload")
        }
    }
}
