import Logging
import Testing

@testable import XQueueServer

@Suite("Log level") struct LogLevelTests {
    @Test("It can be read and changed while the server runs") func change() async throws {
        let control = LogControl(.info)
        try await TestAPI.run(logControl: control) { api in
            #expect(try await api.get("/api/v1/log-level").text == #"{"level":"info"}"#)
            let reply = try await api.put("/api/v1/log-level", #"{"level":"trace"}"#)
            #expect(reply.status == 200 && reply.text == #"{"level":"trace"}"#)
            #expect(control.level == .trace)
        }
    }

    @Test(
        "An invalid level changes nothing",
        arguments: [
            (#"{"level":"loud"}"#, "level", "invalid_field"), (#"{"level":null}"#, "level", "invalid_field"),
            (#"{}"#, "level", "invalid_field"), (#"{"level":"info","x":1}"#, "x", "unknown_field"),
            ("[]", nil, "malformed_json"),
        ])
    func rejection(body: String, field: String?, code: String) async throws {
        let control = LogControl(.warning)
        try await TestAPI.run(logControl: control) { api in
            try await api.put("/api/v1/log-level", body).expectError(400, code, field: field)
            #expect(control.level == .warning)
        }
    }

    @Test("It is 404 if it cannot be changed") func none() async throws {
        try await TestAPI.run { api in
            try await api.get("/api/v1/log-level").expectError(404, "not_found")
            try await api.put("/api/v1/log-level", #"{"level":"info"}"#).expectError(404, "not_found")
        }
    }
}
