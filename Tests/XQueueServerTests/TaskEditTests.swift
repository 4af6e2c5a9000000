import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("Editing a task over HTTP") struct TaskEditTests {
    private static let start = "2026-01-01T00:00:00.000Z"

    @Test("A patch changes what it names, and nothing else") func merge() async throws {
        try await TestAPI.run { api in
            let made = try await api.submit(
                #"{"type":"a","payload":{ "b" : 1.0 ,"c":{"d":1,"e":2}},"metadata":{"u":1},"queue_timeout":0}"#
            )
            let id = try #require(made.string("id"))
            api.clock.advance(by: .seconds(3))
            let reply = try await api.edit(id, #"{"priority":9,"unique_key":"k"}"#)
            #expect(reply.status == 200 && reply.headers[.eTag] == "\"2\"", "\(reply.text)")
            let expected = made.text
                .replacing(#""priority":0"#, with: #""priority":9"#)
                .replacing(
                    #""unique_key":null,"unique":null"#,
                    with:
                        #""unique_key":"k","unique":{"key":"k","until":"done","window":null,"across_types":false}"#
                )
                .replacing(#""version":1"#, with: #""version":2"#)
                .replacing(
                    #""updated_at":"\#(Self.start)""#, with: #""updated_at":"2026-01-01T00:00:03.000Z""#)
            #expect(reply.text == expected, "the payload byte for byte")
            #expect(try await api.get("/api/v1/tasks/\(id)").text == reply.text)
            let merged = try await api.edit(
                id, #"{"payload":{"c":{"d":null,"f":[null]}},"metadata":{"v":2},"retry_policy":{"delay":5}}"#)
            #expect(merged.raw("payload") == #"{"b":1.0,"c":{"e":2,"f":[null]}}"#)
            #expect(merged.raw("metadata") == #"{"u":1,"v":2}"#)
            #expect(merged.raw("retry_policy", "delay") == "5")
            #expect(merged.raw("retry_policy", "max_delay") == made.raw("retry_policy", "max_delay"))
            #expect(merged.raw("priority") == "9" && merged.integer("version") == 3)
            let empty = try await api.edit(id, "{}")
            #expect(empty.status == 200 && empty.integer("version") == 4)
            #expect(empty.raw("payload") == merged.raw("payload"))
        }
    }

    @Test("Null is the default") func nulls() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(
                #","payload":1,"priority":3,"max_retry":7,"queue_timeout":1,"process_timeout":0,"#
                    + #""concurrency_key":"k","max_concurrency":2,"unique_key":"u","metadata":{},"#
                    + #""retry_policy":{"strategy":"fixed"},"delay":60"#)
            let reply = try await api.edit(
                id,
                #"{"payload":null,"priority":null,"max_retry":null,"queue_timeout":null,"process_timeout":null,"#
                    + #""concurrency_key":null,"max_concurrency":null,"unique_key":null,"metadata":null,"#
                    + #""retry_policy":null,"run_at":null,"id":null}"#)
            let plain = try await api.submit(#"{"type":"a"}"#)
            #expect(
                reply.text
                    == plain.text.replacing(try #require(plain.string("id")), with: id.description)
                    .replacing(#""version":1"#, with: #""version":2"#))
        }
    }

    @Test("A task runs later, sooner, or as soon as possible") func times() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(#","queue_timeout":30"#)
            let later = try await api.edit(id, #"{"delay":90}"#)
            #expect(later.string("run_at") == "2026-01-01T00:01:30.000Z")
            #expect(later.string("pending_reason") == "scheduled")
            let other = try await api.edit(id, #"{"priority":1}"#)
            #expect(other.string("run_at") == later.string("run_at"))
            #expect(other.string("pending_reason") == "scheduled")
            let given = try await api.edit(id, #"{"run_at":"2026-01-01T02:00:00+01:00"}"#)
            #expect(given.string("run_at") == "2026-01-01T01:00:00.000Z")
            api.clock.advance(by: .seconds(60))
            let now = try await api.edit(id, #"{"run_at":null}"#)
            #expect(now.string("run_at") == "2026-01-01T00:01:00.000Z")
            #expect(now.string("pending_reason") == "ready")
            // The queue timeout counts from here.
            api.clock.advance(by: .seconds(29))
            _ = try await api.store.sweep(limit: 9, draw: .same(0.5))
            #expect(try await api.get("/api/v1/tasks/\(id)").string("status") == "pending")
            #expect(try await api.claim().taskID == id)
        }
    }

    @Test("If-Match protects from overwriting another's change") func versions() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            #expect(try await api.get("/api/v1/tasks/\(id)").headers[.eTag] == "\"1\"")
            for version in ["\"0\"", "\"2\"", "9", "\"999999999999999\""] {
                try await api.edit(id, #"{"priority":1}"#, ifMatch: version)
                    .expectError(412, "version_conflict", says: id.description)
            }
            for version in [
                "\"x\"", "-1", "+1", "\"1", "\"", "W/\"1\"", "\"1\", \"2\"", "99999999999999999999",
            ] {
                try await api.edit(id, #"{"priority":1}"#, ifMatch: version)
                    .expectError(400, "invalid_field", field: "If-Match")
            }
            #expect(try await api.get("/api/v1/tasks/\(id)").integer("version") == 1)
            for (version, next) in [("\"1\"", 2), ("2", 3), ("*", 4)] {
                let reply = try await api.edit(id, #"{"priority":1}"#, ifMatch: version)
                #expect(reply.status == 200 && reply.headers[.eTag] == "\"\(next)\"", "\(reply.text)")
            }
        }
    }

    @Test("A task that runs or has ended is 409, even with a version") func notPending() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(#","max_retry":0"#)
            let attempt = try await api.claim()
            try await api.edit(id, #"{"priority":1}"#).expectError(409, "not_pending", says: id.description)
            try await api.edit(id, #"{"priority":1}"#, ifMatch: "\"1\"").expectError(409, "not_pending")
            try await api.settle(attempt, .failure(AttemptFailure("no"), draw: 0.5))
            try await api.edit(id, #"{"priority":1}"#).expectError(409, "not_pending")
            #expect(try await api.post("/api/v1/tasks/\(id)/retry").status == 200)
            #expect(try await api.edit(id, #"{"priority":1}"#).integer("priority") == 1)
        }
    }

    @Test("A task in back-off runs at once, with its errors") func backOff() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            try await api.settle(try await api.claim(), .failure(AttemptFailure("no"), draw: 0.5))
            let reply = try await api.edit(id, #"{"run_at":null,"max_retry":9}"#)
            #expect(reply.string("pending_reason") == "ready" && reply.raw("attempt") == "2")
            #expect(reply.elements("errors").count == 1 && reply.raw("max_retry") == "9")
            #expect(try await api.claim().taskID == id)
        }
    }

    @Test("A parked task is free of its key") func parked() async throws {
        try await TestAPI.run { api in
            let key = #","concurrency_key":"k""#
            _ = try await api.makeTask(key)
            _ = try await api.claim()
            let id = try await api.makeTask(key)
            await #expect(throws: Unexpected.self) { try await api.claim() }
            #expect(try await api.get("/api/v1/tasks/\(id)").string("pending_reason") == "parked")
            let free = try await api.edit(id, #"{"concurrency_key":null,"max_concurrency":null}"#)
            #expect(free.string("pending_reason") == "ready" && free.raw("concurrency_key") == "null")
            #expect(try await api.claim().taskID == id)
        }
    }

    @Test("A unique key must be free") func uniqueKey() async throws {
        try await TestAPI.run { api in
            let first = try await api.makeTask(#","unique_key":"k""#)
            _ = try await api.makeTask(type: "b", #","unique_key":"other type""#)
            let second = try await api.makeTask()
            try await api.edit(second, #"{"unique_key":"k"}"#).expectError(409, "unique_key_taken")
            #expect(try await api.get("/api/v1/tasks/\(second)").integer("version") == 1)
            #expect(try await api.edit(first, #"{"unique_key":"k"}"#).status == 200)
            #expect(try await api.edit(first, #"{"unique_key":"other type"}"#).status == 200)
            #expect(try await api.edit(second, #"{"unique_key":"k"}"#).status == 200)
            #expect(
                try await api.submit(#"{"type":"a","unique_key":"k"}"#).string("id") == second.description)
        }
    }

    @Test("An edit is an event") func event() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            _ = try await api.edit(id, #"{"metadata":{"u":7}}"#)
            let events = try await api.store.events(after: .start, limit: 9, waiting: .zero).events
            let edit = try #require(events.last)
            #expect(events.count == 2 && edit.taskID == id && edit.metadata?.text == #"{"u":7}"#)
            guard case .status(let change) = edit.change else { throw Unexpected("\(edit)") }
            #expect(change.isRewriting && change.version == 2)
        }
    }
}
