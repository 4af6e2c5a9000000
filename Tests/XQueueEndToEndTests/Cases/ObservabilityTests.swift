import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Traces and logs of tasks.
@Suite struct ObservabilityTests {
    /// A task's trace as sent by the server; the client shows no state without a parent.
    private struct Trace: Decodable {
        var traceparent: String?
        var tracestate: String?
    }

    private static let handlers = #"""
        handlers:
          trace: { exec: ["sh", "-c", 'printf "\"%s %s\"" "$TRACEPARENT" "$TRACESTATE"'] }
          bad: { exec: ["sh", "-c", "exit 1"] }

        """#

    @Test func aTracePassesFromTheRequestToTheProgram() async throws {
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
            let reply = try await api.send("POST", "/tasks", #"{"type":"trace"}"#, headers: headers)
            let trace: Trace = try reply.decoded()
            #expect(trace.traceparent == (result == " " ? nil : parent))
            #expect(trace.tracestate == (result.hasSuffix("a=1") ? "a=1" : nil))
            let task: QueueTask = try reply.decoded()
            #expect(task.trace == TraceContext(parent: trace.traceparent, state: trace.tracestate))
            let done = try await api.task(task.id, "the task ends") { $0.status == .success }
            #expect(try done.result?.decode(String.self) == result)
        }
    }

    @Test func theLogFollowsItsLevelAndShowsNoPayload() async throws {
        let folder = try ServerFolder()
        try folder.write("xqueue.yaml", Self.handlers)
        let server = try await ServerProcess(in: folder, ["--log-format", "json", "--log-level", "info"])
        let api = API(server)
        let task = #"{"type":"bad","payload":{"secret":"s3cr3t-payload"},"max_retry":0}"#
        let quiet: QueueTask = try await api.send("POST", "/tasks", task).decoded()
        #expect(try await api.end(of: quiet.id).status == .failed)
        #expect(!server.output.contains("Attempt failed"))
        let reply = try await api.send("PUT", "/log-level", #"{"level":"trace"}"#)
        #expect(reply.status == 200)
        let loud: QueueTask = try await api.send("POST", "/tasks", task).decoded()
        #expect(try await api.end(of: loud.id).status == .failed)
        try await eventually("the failure is logged") { server.output.contains("Attempt failed") }
        let output = server.output
        #expect(output.contains("Log level changed"))
        #expect(output.contains("\(loud.id)") && !output.contains("s3cr3t-payload"))
        for line in output.split(separator: "\n") {
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) is [String: Any], "\(line)")
        }
    }
}
