import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

/// What the program tells of its tasks beside the API: their traces, and the log.
@Suite struct ObservabilityTests {
    private struct Traced: Decodable {
        var traceparent: String?
        var tracestate: String?
        var result: String?
        var status: String
        var id: String
    }

    private static let handlers = #"""
        handlers:
          trace: { exec: ["sh", "-c", 'printf "\"%s %s\"" "$TRACEPARENT" "$TRACESTATE"'] }
          bad: { exec: ["sh", "-c", "exit 1"] }

        """#

    @Test func aTraceGoesFromTheRequestToTheProgram() async throws {
        let folder = try ServerFolder()
        try folder.write("xqueue.yaml", Self.handlers)
        let server = try await ServerProcess(in: folder)
        let api = API(server)
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        for (headers, result) in [
            (["traceparent": parent, "tracestate": "a=1"], "\(parent) a=1"),
            (["traceparent": parent], "\(parent) "),
            (["traceparent": "nonsense", "tracestate": "a=1"], " "), ([:], " "),
        ] {
            let task: Traced = try await api.send("POST", "/tasks", #"{"type":"trace"}"#, headers: headers)
                .decoded()
            #expect(task.traceparent == (result == " " ? nil : parent))
            #expect(task.tracestate == (result.hasSuffix("a=1") ? "a=1" : nil))
            var done = task
            try await eventually("the task ends") {
                done = try await api.send("GET", "/tasks/\(task.id)").decoded()
                return done.status == "success"
            }
            #expect(done.result == result)
        }
    }

    @Test func theLogIsAsLoudAsItIsToldAndShowsNoPayload() async throws {
        let folder = try ServerFolder()
        try folder.write("xqueue.yaml", Self.handlers)
        let server = try await ServerProcess(in: folder, ["--log-format", "json", "--log-level", "info"])
        let api = API(server)
        let task = #"{"type":"bad","payload":{"secret":"s3cr3t-payload"},"max_retry":0}"#
        let quiet: TaskReply = try await api.send("POST", "/tasks", task).decoded()
        #expect(try await api.end(of: quiet.id).status == "failed")
        #expect(!server.said.contains("An attempt failed"))
        let reply = try await api.send("PUT", "/log-level", #"{"level":"trace"}"#)
        #expect(reply.status == 200)
        let loud: TaskReply = try await api.send("POST", "/tasks", task).decoded()
        #expect(try await api.end(of: loud.id).status == "failed")
        try await eventually("the failure is logged") { server.said.contains("An attempt failed") }
        let said = server.said
        #expect(said.contains("The level of the log was changed"))
        #expect(said.contains(loud.id) && !said.contains("s3cr3t-payload"))
        for line in said.split(separator: "\n") {
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) is [String: Any], "\(line)")
        }
    }
}
