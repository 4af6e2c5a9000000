import ArgumentParser
import Foundation
import Testing
import XQueueClient
import XQueueCore

@testable import XQueueCLI

struct TaskFieldsTests {
    @Test func everyFieldHasAnOption() throws {
        let fields = try TaskFields.parse([
            "--priority", "-5", "--max-retry", "2", "--queue-timeout", "5m", "--process-timeout", "90",
            "--concurrency-key", "user \"7\"", "--max-concurrency", "3", "--delay", "500ms",
            "--id", "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f", "--retry-strategy", "linear", "--retry-delay",
            "2s", "--retry-max-delay", "1h", "--retry-jitter", "0.5",
        ])
        #expect(
            try fields.submission(type: "t", payload: try RawJSON(#"{"a":1}"#)).json == #"""
                {"type":"t","payload":{"a":1},"priority":-5,"max_retry":2,"queue_timeout":300,"process_timeout":90,\#
                "concurrency_key":"user \"7\"","max_concurrency":3,"delay":0.5,\#
                "id":"01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f","retry_policy":{"strategy":"linear","delay":2,\#
                "max_delay":3600,"jitter":0.5}}
                """#)
        #expect(try !fields.isEmpty && TaskFields.parse([]).isEmpty)
    }

    @Test func omittedFieldsAreLeftToTheServer() throws {
        #expect(try TaskFields.parse([]).submission(type: "t", payload: nil).json == #"{"type":"t"}"#)
        #expect(
            try TaskFields.parse(["--run-at", "2026-01-31T09:30:00Z"]).submission(type: "t", payload: nil)
                .json
                == #"{"type":"t","run_at":"2026-01-31T09:30:00.000Z"}"#)
        #expect(throws: CommandError.self) {
            try TaskFields.parse(["--run-at", "tomorrow"]).submission(type: "t", payload: nil)
        }
    }

    @Test(
        arguments: [
            ["submit"], ["submit", "a", "--wait-for", "5s"], ["submit", "a", "--resume"],
            ["submit", "a", "--file", "x"], ["submit", "--file", "x", "--priority", "1"],
            ["submit", "--file", "x", "--resume", "--restart"], ["submit", "--file", "x", "--wait"],
            ["submit", "--file", "-", "--resume"], ["submit", "--file", "x", "--batch", "1001"],
            ["submit", "a", "--id", "7"], ["submit", "a", "--delay", "soon"], ["list", "--status", "done"],
            ["list", "--limit", "0"], ["list", "--ids", "--json"], ["get"], ["get", "7"], ["cancel", "x"],
            ["types", "limit", "a", "0"], ["types", "limit", "a"], ["stats", "--timeout", "x"], ["nonsense"],
        ])
    func anInvalidCommandLineIsRejected(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try XQueueCommand.parseAsRoot(arguments) }
        if let error { #expect(XQueueCommand.exitCode(for: error) == .validationFailure) }
    }
}
