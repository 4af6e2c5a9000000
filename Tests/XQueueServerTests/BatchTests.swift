import Testing
import XQueueCore

@testable import XQueueServer

@Suite("POST /api/v1/tasks/batch") struct BatchTests {
    @Test("All tasks are returned, in order") func all() async throws {
        try await TestAPI.run { api in
            let reply = try await api.submitBatch(
                #"{"tasks":[{"type":"a"},{"type":"b","priority":2},{"type":"a"}]}"#)
            #expect(reply.status == 201)
            #expect(reply.memberNames == ["tasks", "count", "has_more", "next"])
            #expect(reply.integer("count") == 3)
            #expect(reply.elements("tasks").map { $0.string("type") } == ["a", "b", "a"])
            #expect(try await api.get("/api/v1/tasks").integer("total") == 3)
        }
    }

    @Test("200 only if every task already existed") func existing() async throws {
        try await TestAPI.run { api in
            let one = #"{"tasks":[{"type":"a","unique_key":"k"}]}"#
            #expect(try await api.submitBatch(one).status == 201)
            #expect(try await api.submitBatch(one).status == 200)
            let both = try await api.submitBatch(#"{"tasks":[{"type":"a","unique_key":"k"},{"type":"a"}]}"#)
            #expect(both.status == 201)
            #expect(try await api.get("/api/v1/tasks").integer("total") == 2)
        }
    }

    @Test("A unique key within one batch counts once") func within() async throws {
        try await TestAPI.run { api in
            let item = #"{"type":"a","unique_key":"k"}"#
            let reply = try await api.submitBatch(#"{"tasks":[\#(item),\#(item)]}"#)
            let ids = reply.elements("tasks").map { $0.string("id") }
            #expect(ids.count == 2 && ids[0] == ids[1])
        }
    }

    @Test(
        "A bad item is named, and nothing is accepted",
        arguments: [
            (#"{"type":"a b"}"#, "invalid_field", "tasks[2].type"),
            ("{}", "invalid_field", "tasks[2].type"),
            ("7", "invalid_field", "tasks[2]"),
            (#"{"type":"a","x":1}"#, "unknown_field", "tasks[2].x"),
            (#"{"type":"a","priority":1.5}"#, "invalid_field", "tasks[2].priority"),
            (#"{"type":"a","max_retry":-1}"#, "invalid_field", "tasks[2].max_retry"),
            (#"{"type":"a","retry_policy":{"delay":-1}}"#, "invalid_field", "tasks[2].retry_policy.delay"),
            (#"{"type":"a","retry_policy":{"d":1}}"#, "unknown_field", "tasks[2].retry_policy.d"),
        ])
    func badItem(item: String, code: String, field: String) async throws {
        try await TestAPI.run { api in
            try await api.submitBatch(#"{"tasks":[{"type":"a"},{"type":"a"},\#(item),{"type":"a"}]}"#)
                .expectError(400, code, field: field, says: "tasks[2]")
            #expect(try await api.get("/api/v1/tasks").integer("total") == 0)
        }
    }

    @Test("One to a thousand tasks") func size() async throws {
        try await TestAPI.run { api in
            func batch(_ count: Int) -> String {
                let items = Array(repeating: #"{"type":"a"}"#, count: count).joined(separator: ",")
                return #"{"tasks":[\#(items)]}"#
            }
            try await api.submitBatch(batch(0)).expectError(
                400, "invalid_field", field: "tasks", says: "1 to 1000")
            try await api.submitBatch(batch(1001))
                .expectError(400, "invalid_field", field: "tasks", says: "1 to 1000")
            try await api.submitBatch(batch(20_000)).expectError(400, "invalid_field", field: "tasks")
            let reply = try await api.submitBatch(batch(1000))
            #expect(reply.status == 201)
            #expect(reply.integer("count") == 1000)
        }
    }

    @Test(
        "The frame is checked like a task",
        arguments: [
            ("{}", "invalid_field", "tasks"), (#"{"tasks":null}"#, "invalid_field", "tasks"),
            (#"{"tasks":{}}"#, "invalid_field", "tasks"),
            (#"{"tasks":[],"tasks":[]}"#, "invalid_field", "tasks"),
            (#"{"task":[]}"#, "unknown_field", "task"),
        ])
    func frame(body: String, code: String, field: String) async throws {
        try await TestAPI.run { api in
            try await api.submitBatch(body).expectError(400, code, field: field)
        }
    }
}
