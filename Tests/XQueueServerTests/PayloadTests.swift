import Testing
import XQueueCore

@testable import XQueueServer

@Suite("A payload is kept byte for byte") struct PayloadTests {
    static let payloads: [String] = [
        #"{ "b" : 1 ,  "a" : [ 1 , 2 ] }"#,
        #"{"a":1,"a":2}"#,
        "[1e2,1E+2,1.0,-0,0.10,123456789012345678901234567890,1e400]",
        #""\u0041\/\ud83d\ude00\n""#,
        #""\ud800""#,
        "\"😀 é e\u{301} \u{7F}\u{2028}\"",
        "{\n\t\"x\":\r\n null }",
        "true", "null", "0", "\"\"", "{}", "[]", "[ ]", "{ }",
        #"{"type":1,"":{"":[]}}"#,
    ]

    @Test("By submit, get and list", arguments: payloads)
    func single(payload: String) async throws {
        try await TestAPI.run { api in
            let reply = try await api.submit("{ \"payload\" : \(payload) , \"type\" : \"a\" }")
            #expect(reply.status == 201)
            #expect(Array((reply.raw("payload") ?? "").utf8) == Array(payload.utf8))
            let id = try #require(reply.string("id"))
            #expect(try await api.get("/api/v1/tasks/\(id)").text == reply.text)
            #expect(try await api.get("/api/v1/tasks").elements("tasks").first?.text == reply.text)
        }
    }

    @Test("By batch") func batch() async throws {
        try await TestAPI.run { api in
            let items = Self.payloads.map { #"{"type":"a","payload":\#($0)}"# }.joined(separator: " , ")
            let reply = try await api.submitBatch(#"{"tasks":[\#(items)]}"#)
            #expect(reply.status == 201)
            let stored = reply.elements("tasks").map { Array(($0.raw("payload") ?? "").utf8) }
            #expect(stored == Self.payloads.map { Array($0.utf8) })
        }
    }

    @Test("A result is returned as the handler made it") func result() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            try await api.settle(try await api.claim(), .success(try .init(#"{"z": 1e2, "a":"\u0041"}"#)))
            let reply = try await api.get("/api/v1/tasks/\(id)")
            #expect(reply.raw("result") == #"{"z": 1e2, "a":"\u0041"}"#)
            #expect(reply.string("status") == "success")
        }
    }
}
