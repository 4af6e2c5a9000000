import HTTPTypes
import NIOCore
import Testing
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("Changing unique keys over HTTP") struct UniqueEditTests {
    @Test("A patch changes a key in either form") func forms() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(#","payload":1,"unique_key":"k""#)
            let window = try await api.edit(id, #"{"unique":{"until":"window","window":60}}"#)
            #expect(window.status == 200, "\(window.text)")
            #expect(window.raw("unique") == #"{"key":"k","until":"window","window":60,"across_types":false}"#)
            let other = try await api.edit(id, #"{"unique_key":"j"}"#)
            #expect(other.raw("unique") == #"{"key":"j","until":"done","window":null,"across_types":false}"#)
            let derived = try await api.edit(id, #"{"unique":{"key":"k","by":[]}}"#)
            let key = "k#6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
            #expect(derived.string("unique_key") == key)
            #expect(
                try await api.edit(id, #"{"payload":2}"#).string("unique_key") == key, "fixed once derived")
            #expect(try await api.edit(id, #"{"unique":{"by":[]}}"#).string("unique_key")?.prefix(2) == "#d")
            let none = try await api.edit(id, #"{"unique":null}"#)
            #expect(none.raw("unique") == "null" && none.raw("unique_key") == "null")
        }
    }

    @Test("A key that another task holds is 409, and so is retrying without one") func taken() async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask(type: "b", #","unique":{"key":"k","across_types":true}"#)
            let held = try await api.makeTask(
                #","unique":{"key":"w","until":"window","window":60},"max_retry":0"#)
            try await api.settle(try await api.claim(), .failure(AttemptFailure("no"), draw: 0.5))
            let id = try await api.makeTask()
            for unique in [#"{"key":"k","across_types":true}"#, #"{"key":"w"}"#] {
                try await api.edit(id, #"{"unique":\#(unique)}"#).expectError(409, "unique_key_taken")
            }
            #expect(try await api.edit(id, #"{"unique":{"key":"k"}}"#).status == 200)
            #expect(try await api.post("/api/v1/tasks/\(held)/retry").status == 200, "its own key")
            api.clock.advance(by: .seconds(60))
            #expect(try await api.edit(id, #"{"unique":{"key":"w"}}"#).status == 200, "the window is over")
        }
    }

    @Test("A blocked task without its key is ready") func unblocked() async throws {
        try await TestAPI.run { api in
            let rule = #","unique":{"key":"k","on_conflict":"rerun"}"#
            _ = try await api.makeTask(rule)
            _ = try await api.claim()
            let id = try await api.makeTask(rule)
            let same = try await api.edit(id, #"{"priority":1}"#)
            #expect(same.string("pending_reason") == "blocked")
            let free = try await api.edit(id, #"{"unique_key":null}"#)
            #expect(free.status == 200, "\(free.text)")
            #expect(try await api.get("/api/v1/tasks/\(id)").string("pending_reason") == "ready")
            #expect(try await api.claim().taskID == id)
        }
    }

    @Test(
        "What a patch cannot say",
        arguments: [
            (#"{"unique":{"on_conflict":"replace"}}"#, "unique.on_conflict"),
            (#"{"unique":{"key":null}}"#, "unique"),
            (#"{"unique":{"until":"window"}}"#, "unique.window"),
            (#"{"unique":{"key":"j"},"unique_key":"j"}"#, "unique"),
            (#"{"unique":7}"#, "unique"),
            (#"{"unique":{"by":["\#(String(repeating: ".", count: 32))"]}}"#, "unique.by"),
        ])
    func invalid(_ patch: String, _ field: String) async throws {
        try await TestAPI.run { api in
            let made = try await api.submit(#"{"type":"a","unique_key":"k"}"#)
            let id = try #require(made.string("id"))
            try await api.edit(id, patch).expectError(400, "invalid_field", field: field)
            #expect(try await api.get("/api/v1/tasks/\(id)").text == made.text)
        }
    }

    @Test("A schedule's key is patched in either form, too") func schedule() async throws {
        try await TestAPI.run { api in
            func patch(_ task: String) async throws -> APIReply {
                try await api.send(
                    .patch, "/api/v1/schedules/s", ByteBuffer(string: #"{"task":\#(task)}"#),
                    headers: [.contentType: "application/json"])
            }
            _ = try await api.put(
                "/api/v1/schedules/s", #"{"every":60,"task":{"type":"a","unique_key":"k"}}"#)
            let long = try await patch(#"{"unique":{"until":"started"}}"#)
            #expect(long.status == 200, "\(long.text)")
            #expect(
                long.raw("task", "unique")
                    == #"{"key":"k","until":"started","window":null,"across_types":false}"#)
            #expect(try await patch(#"{"priority":1}"#).raw("task", "unique") == long.raw("task", "unique"))
            let short = try await patch(#"{"unique_key":"j"}"#)
            #expect(short.raw("task", "unique_key") == #""j""# && short.raw("task", "unique") == nil)
            let none = try await patch(#"{"unique":null}"#)
            #expect(none.raw("task", "unique_key") == nil && none.raw("task", "unique") == nil)
        }
    }
}
