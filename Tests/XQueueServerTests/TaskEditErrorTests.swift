import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting

@testable import XQueueServer

@Suite("Invalid edits") struct TaskEditErrorTests {
    /// Large enough for a payload of 1000 bytes, and for what surrounds it.
    private static let small = QueueConfiguration.with { $0.maxPayloadBytes = 1000 }

    @Test(
        "What is invalid is rejected with the field's name, and changes nothing",
        arguments: [
            (#"{"colour":1}"#, "unknown_field", "colour"), (#"{"colour":null}"#, "unknown_field", "colour"),
            (#"{"status":"success"}"#, "unknown_field", "status"),
            (#"{"version":1}"#, "unknown_field", "version"),
            (#"{"retry_policy":{"colour":null}}"#, "unknown_field", "retry_policy.colour"),
            (#"{"type":"b"}"#, "invalid_field", "type"), (#"{"type":null}"#, "invalid_field", "type"),
            (#"{"type":7}"#, "invalid_field", "type"), (#"{"id":"7"}"#, "invalid_field", "id"),
            (#"{"id":"\#(TaskTests.absent)"}"#, "invalid_field", "id"),
            (#"{"priority":1,"priority":1}"#, "invalid_field", "priority"),
            (#"{"priority":null,"priority":1}"#, "invalid_field", "priority"),
            (#"{"priority":"high"}"#, "invalid_field", "priority"),
            (#"{"max_retry":1001}"#, "invalid_field", "max_retry"),
            (#"{"process_timeout":-1}"#, "invalid_field", "process_timeout"),
            (#"{"metadata":[]}"#, "invalid_field", "metadata"),
            (#"{"retry_policy":{"jitter":2}}"#, "invalid_field", "retry_policy.jitter"),
            (#"{"concurrency_key":""}"#, "invalid_field", "concurrency_key"),
            (#"{"unique_key":"a\u0000"}"#, "invalid_field", "unique_key"),
            (#"{"delay":1,"run_at":"2027-01-01T00:00:00Z"}"#, "invalid_field", "run_at"),
            (#"{"run_at":"tomorrow"}"#, "invalid_field", "run_at"),
            (#"{"delay":315360001}"#, "invalid_field", "delay"),
            ("[]", "malformed_json", nil), ("7", "malformed_json", nil), ("", "malformed_json", nil),
            (#"{"priority":1"#, "malformed_json", nil), (#"{"payload":{"a":01}}"#, "malformed_json", nil),
        ] as [(String, String, String?)])
    func invalid(_ patch: String, _ code: String, _ field: String?) async throws {
        try await TestAPI.run { api in
            let made = try await api.submit(#"{"type":"a","payload":{"b":1},"priority":3}"#)
            let id = try #require(made.string("id"))
            try await api.edit(id, patch).expectError(400, code, field: field)
            #expect(try await api.get("/api/v1/tasks/\(id)").text == made.text)
        }
    }

    @Test("The same type and ID are no change") func same() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            #expect(
                try await api.edit(id, #"{"type":"a","id":"\#(id)","priority":2}"#).integer("priority") == 2)
        }
    }

    @Test("The limits are those of the merged task") func large() async throws {
        let most = String(repeating: "x", count: 600)
        try await TestAPI.run(queue: Self.small) { api in
            let id = try await api.makeTask(#","payload":{"a":"\#(most)"},"metadata":{"a":"\#(most)"}"#)
            try await api.edit(id, #"{"payload":{"b":"\#(most)"}}"#)
                .expectError(400, "invalid_field", field: "payload", says: "1000 bytes")
            let moved = try await api.edit(id, #"{"payload":{"a":null,"b":"\#(most)"}}"#)
            #expect(moved.raw("payload") == #"{"b":"\#(most)"}"#)
            let metadata = String(repeating: "y", count: 3500)
            try await api.edit(id, #"{"metadata":{"b":"\#(metadata)"}}"#)
                .expectError(400, "invalid_field", field: "metadata", says: "4096 bytes")
        }
    }

    @Test("The body has a limit, and a type") func body() async throws {
        var configuration = ServerConfiguration()
        configuration.maxBodyBytes = 64
        try await TestAPI.run(configuration: configuration) { api in
            let id = try await api.makeTask()
            let fits = #"{"priority":1}"# + String(repeating: " ", count: 64 - 14)
            #expect(try await api.edit(id, fits).status == 200)
            try await api.edit(id, fits + " ").expectError(413, "body_too_large")
            func send(_ type: String?, _ method: HTTPRequest.Method, _ path: String) async throws -> APIReply
            {
                try await api.send(
                    method, path, ByteBuffer(string: #"{"type":"a"}"#),
                    headers: type.map { [.contentType: $0] } ?? [:])
            }
            for type in [nil, "application/json", "application/merge-patch+json; charset=utf-8"] {
                #expect(try await send(type, .patch, "/api/v1/tasks/\(id)").status == 200)
            }
            for type in ["text/plain", "application/json-patch+json"] {
                try await send(type, .patch, "/api/v1/tasks/\(id)").expectError(415, "unsupported_media_type")
            }
            try await send("application/merge-patch+json", .post, "/api/v1/tasks")
                .expectError(415, "unsupported_media_type")
        }
    }

    @Test(
        "An edit that others came before is made again, unless it has a version", arguments: [nil, "\"1\""])
    func conflict(version: String?) async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(#","payload":{"a":1}"#)
            api.store.hold(.rewrite)
            let edit = Task { try await api.edit(id, #"{"payload":{"b":2}}"#, ifMatch: version) }
            await api.store.waitForHeldCalls(of: .rewrite)
            let task = try #require(try await api.store.task(id))
            var definition = task.definition
            definition.payload = RawJSON(trusted: #"{"a":3}"#)
            _ = try await api.store.base.rewrite(
                TaskRewrite(id: id, version: task.version, definition: definition))
            api.store.release(.rewrite)
            let reply = try await edit.value
            if version == nil {
                #expect(reply.raw("payload") == #"{"a":3,"b":2}"# && reply.integer("version") == 3)
            } else {
                reply.expectError(412, "version_conflict")
            }
        }
    }

    @Test("Without memory left for its reply it is rejected, and changes nothing") func memory() async throws
    {
        var configuration = ServerConfiguration()
        configuration.maxReplyBytes = 0
        try await TestAPI.run(configuration: configuration) { api in
            let task = try await api.manager.submit("a", .null)
            try await api.edit(task.id, #"{"priority":1}"#).expectError(503, "overloaded")
            #expect(try await api.manager.task(task.id) == task)
        }
    }

    @Test("A failure of the store is 503") func store() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            api.store.fail(.rewrite, with: StoreError(.unavailable, "the file is locked"))
            try await api.edit(id, "{}").expectError(503, "store_unavailable", says: "the file is locked")
            #expect(try await api.edit(id, "{}").integer("version") == 2)
        }
    }
}

extension QueueConfiguration {
    fileprivate static func with(_ change: (inout QueueConfiguration) -> Void) -> QueueConfiguration {
        var configuration = QueueConfiguration()
        change(&configuration)
        return configuration
    }
}
