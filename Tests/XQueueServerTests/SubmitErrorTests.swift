import HTTPTypes
import NIOCore
import Testing

@testable import XQueueServer

@Suite("Invalid submissions") struct SubmitErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let member: String
        let field: String
        let says: String

        init(_ member: String, _ field: String, _ says: String) {
            self.member = member
            self.field = field
            self.says = says
        }

        var testDescription: String { String(member.prefix(60)) }
    }

    static let invalid: [Case] = [
        Case(#""priority":"high""#, "priority", "priority must be an integer"),
        Case(#""priority":1.5"#, "priority", "must be an integer"),
        Case(#""priority":1e2"#, "priority", "must be an integer"),
        Case(#""priority":1e400"#, "priority", "must be an integer"),
        Case(#""priority":true"#, "priority", "must be an integer"),
        Case(#""priority":[]"#, "priority", "must be an integer"),
        Case(#""priority":2147483648"#, "priority", "-2147483648 to 2147483647"),
        Case(#""priority":-2147483649"#, "priority", "-2147483648 to 2147483647"),
        Case(#""priority":99999999999999999999"#, "priority", "-2147483648 to 2147483647"),
        Case(#""max_retry":-1"#, "max_retry", "0 to 1000"),
        Case(#""max_retry":1001"#, "max_retry", "0 to 1000"),
        Case(#""max_retry":-99999999999999999999"#, "max_retry", "0 to 1000"),
        Case(#""max_retry":0.5"#, "max_retry", "must be an integer"),
        Case(#""metadata":[]"#, "metadata", "metadata must be an object"),
        Case(#""metadata":"user""#, "metadata", "must be an object"),
        Case(
            #""metadata":{"a":"\#(String(repeating: "x", count: 4089))"}"#, "metadata",
            "must be at most 4096 bytes long"),
        Case(#""queue_timeout":"1s""#, "queue_timeout", "a number of seconds"),
        Case(#""queue_timeout":-1"#, "queue_timeout", "0 to 315360000 seconds"),
        Case(#""queue_timeout":-0.0001"#, "queue_timeout", "0 to"),
        Case(#""queue_timeout":1e400"#, "queue_timeout", "0 to"),
        Case(#""process_timeout":-1e400"#, "process_timeout", "0 to"),
        Case(#""process_timeout":315360000.001"#, "process_timeout", "0 to"),
        Case(#""process_timeout":315360000.00000006"#, "process_timeout", "0 to"),
        Case(#""delay":315360000.0001"#, "delay", "0 to"),
        Case(#""retry_policy":{"max_delay":315360000.0001}"#, "retry_policy.max_delay", "0 to"),
        Case(#""process_timeout":99999999999999999999"#, "process_timeout", "0 to"),
        Case(#""process_timeout":{}"#, "process_timeout", "a number of seconds"),
        Case(#""concurrency_key":"""#, "concurrency_key", "1 to 256 bytes"),
        Case(#""concurrency_key":7"#, "concurrency_key", "must be a string"),
        Case(#""concurrency_key":"a\u0000b""#, "concurrency_key", "control characters"),
        Case(#""concurrency_key":"\ud800""#, "concurrency_key", "surrogate"),
        Case(
            "\"concurrency_key\":\"\(String(repeating: "é", count: 129))\"", "concurrency_key", "256 bytes"),
        Case(#""max_concurrency":0"#, "max_concurrency", "1 to 1000000"),
        Case(#""max_concurrency":1000001"#, "max_concurrency", "1 to 1000000"),
        Case(#""max_concurrency":"2""#, "max_concurrency", "must be an integer"),
        Case(#""unique_key":"""#, "unique_key", "1 to 256 bytes"),
        Case(#""unique_key":false"#, "unique_key", "must be a string"),
        Case(#""id":7"#, "id", "must be a string"),
        Case(#""id":"7""#, "id", "version 7 UUID"),
        Case(#""id":"c0ffee00-0000-4000-8000-000000000000""#, "id", "version 7 UUID"),
        Case(#""delay":-1"#, "delay", "0 to"),
        Case(#""delay":"1""#, "delay", "a number of seconds"),
        Case(#""run_at":1767225600"#, "run_at", "must be a string"),
        Case(#""run_at":"tomorrow""#, "run_at", "2026-01-31T09:30:00Z"),
        Case(#""run_at":"2026-01-31T09:30:00""#, "run_at", "RFC 3339"),
        Case(#""run_at":"9999-12-31T23:59:59-01:00""#, "run_at", "at most 9999"),
        Case(#""delay":1,"run_at":"2026-01-31T09:30:00Z""#, "run_at", "cannot be combined with delay"),
        Case(#""run_at":"2026-01-31T09:30:00Z","delay":1"#, "delay", "cannot be combined with run_at"),
        Case(#""retry_policy":"fixed""#, "retry_policy", "must be an object"),
        Case(#""retry_policy":[]"#, "retry_policy", "must be an object"),
        Case(#""retry_policy":{"strategy":"none"}"#, "retry_policy.strategy", "exponential, linear, fixed"),
        Case(#""retry_policy":{"strategy":1}"#, "retry_policy.strategy", "must be a string"),
        Case(#""retry_policy":{"delay":"1"}"#, "retry_policy.delay", "a number of seconds"),
        Case(#""retry_policy":{"delay":-1}"#, "retry_policy.delay", "0 to"),
        Case(#""retry_policy":{"max_delay":1e99}"#, "retry_policy.max_delay", "0 to"),
        Case(#""retry_policy":{"jitter":1.1}"#, "retry_policy.jitter", "0 to 1"),
        Case(#""retry_policy":{"jitter":1e400}"#, "retry_policy.jitter", "0 to 1"),
        Case(#""retry_policy":{"jitter":"x"}"#, "retry_policy.jitter", "must be a number"),
        Case(#""retry_policy":{"delay":1,"delay":1}"#, "retry_policy.delay", "given twice"),
        Case(#""type":"b""#, "type", "given twice"),
        Case(#""payload":1,"payload":1"#, "payload", "given twice"),
        Case(#""priority":1,"prio\u0072ity":1"#, "priority", "given twice"),
    ]

    @Test("The invalid field and the reason are named", arguments: invalid) func invalidField(item: Case)
        async throws
    {
        try await TestAPI.run { api in
            try await api.submit(#"{"type":"a",\#(item.member)}"#)
                .expectError(400, "invalid_field", field: item.field, says: item.says)
            #expect(try await api.get("/api/v1/tasks").integer("total") == 0)
        }
    }

    @Test(
        "An unknown field is named",
        arguments: [
            (#""prioritty":1"#, "prioritty"), (#""ID":null"#, "ID"), (#""Type":"a""#, "Type"),
            (#""":1"#, ""), (#""retry_policy":{"max":1}"#, "retry_policy.max"),
            (#""retry_policy":{"jitterr":null}"#, "retry_policy.jitterr"),
        ])
    func unknownField(member: String, field: String) async throws {
        try await TestAPI.run { api in
            try await api.submit(#"{"type":"a",\#(member)}"#)
                .expectError(400, "unknown_field", field: field, says: field)
        }
    }

    @Test("Long names are quoted only in part") func longName() async throws {
        try await TestAPI.run { api in
            let name = String(repeating: "é", count: 100_000)
            let quoted = String(repeating: "é", count: 100)
            try await api.submit("{\"\(name)\":1}").expectError(400, "unknown_field", field: quoted)
            let id = String(repeating: "7", count: 10_000)
            let reply = try await api.get("/api/v1/tasks/\(id)")
            #expect(reply.status == 404)
            #expect(reply.text.utf8.count < 300)
        }
    }

    @Test(
        "A type is required, as a string",
        arguments: [
            "{}", #"{"type":null}"#, #"{"payload":1}"#, #"{"type":""}"#, #"{"type":"a b"}"#, #"{"type":"é"}"#,
            #"{"type":7}"#, "{\"type\":\"\(String(repeating: "a", count: 129))\"}", #"{"type":"a/b"}"#,
        ])
    func type(body: String) async throws {
        try await TestAPI.run { api in
            try await api.submit(body).expectError(400, "invalid_field", field: "type")
        }
    }

    @Test("The longest type is accepted, with all legal characters") func longestType() async throws {
        try await TestAPI.run { api in
            let type = "A.b_c:d-9" + String(repeating: "x", count: 119)
            let reply = try await api.submit(#"{"type":"\#(type)"}"#)
            #expect(reply.string("type") == type)
        }
    }

    @Test(
        "Malformed JSON is reported with its position",
        arguments: [
            ("", "empty"), (" \n", "at byte 2"), ("{", "at byte 1"), (#"{"type":}"#, "at byte 8"),
            (#"{"type":"a"}}"#, "at byte 12"), (#"{"type":"a",}"#, "at byte 12"),
            ("[]", "must be a JSON object"),
            (#"{'type':'a'}"#, "at byte 1"), (#"{"type":"a" "b":1}"#, "at byte 12"), ("nul", "at byte 3"),
            (#"{"type":"a","priority":01}"#, "at byte 24"), (#"{"type":"a","priority":+1}"#, "at byte 23"),
            (#"{"type":"a","priority":.5}"#, "at byte 23"), (#"{"type":"a","delay":NaN}"#, "at byte 20"),
            ("{\"type\":\"a\nb\"}", "at byte 10"), (#"{"type":"\x61"}"#, "at byte 10"),
            ("\u{FEFF}{}", "at byte 0"),
            (#"{"type":"a","payload":"\#("\u{1}")"}"#, "control character"),
            (#""text""#, "must be a JSON object"),
            (#"{"\ud800":1}"#, "surrogate"), (#"{"type":"a"} // end"#, "at byte 13"),
        ])
    func malformed(body: String, says: String) async throws {
        try await TestAPI.run { api in
            try await api.submit(body).expectError(400, "malformed_json", says: says)
            try await api.submitBatch(body).expectError(400, "malformed_json", says: says)
        }
    }

    @Test(
        "Invalid UTF-8 is rejected anywhere",
        arguments: [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]])
    func brokenUTF8(bytes: [UInt8]) async throws {
        try await TestAPI.run { api in
            var body = ByteBuffer(string: #"{"type":"a","payload":""#)
            body.writeBytes(bytes)
            body.writeString(#""}"#)
            try await api.send(.post, "/api/v1/tasks", body).expectError(400, "malformed_json", says: "UTF-8")
        }
    }

    @Test("Deep nesting is rejected without a stack overflow") func nesting() async throws {
        try await TestAPI.run { api in
            func nested(_ depth: Int) -> String {
                String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            }
            let deepest = try await api.submit(#"{"type":"a","payload":\#(nested(512))}"#)
            #expect(deepest.status == 201)
            try await api.submit(#"{"type":"a","payload":\#(nested(514))}"#)
                .expectError(400, "malformed_json", says: "nested deeper")
            try await api.submit(#"{"type":"a","payload":\#(nested(400_000))}"#)
                .expectError(400, "malformed_json", says: "nested deeper")
            try await api.submit(String(repeating: "[", count: 900_000))
                .expectError(400, "malformed_json", says: "nested deeper")
        }
    }

    @Test("Minus zero and tiny numbers are preserved") func oddNumbers() async throws {
        try await TestAPI.run { api in
            let reply = try await api.submit(
                #"{"type":"a","priority":-0,"queue_timeout":-0,"process_timeout":1e-9,"delay":29e-2}"#)
            #expect(reply.status == 201)
            #expect(reply.integer("priority") == 0)
            #expect(reply.integer("queue_timeout") == 0)
            #expect(reply.number("process_timeout") == 0.001)
            #expect(reply.string("run_at") == "2026-01-01T00:00:00.290Z")
        }
    }
}
