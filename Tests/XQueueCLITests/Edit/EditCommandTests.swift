import ArgumentParser
import Testing
import XQueueClient
import XQueueCore

@testable import XQueueCLI

/// What `xqueue edit` sends.
struct EditCommandTests {
    private static let id = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"

    private func patch(_ arguments: String...) throws -> String {
        try patch(arguments)
    }

    private func patch(_ arguments: [String]) throws -> String {
        let command = try XQueueCommand.parseAsRoot(["edit", Self.id] + arguments)
        return try #require(command as? EditCommand).patch()
    }

    @Test func everyFieldHasAnOption() throws {
        #expect(
            try patch(
                "--payload", #"{"to":"ann"}"#, "--priority", "-5", "--max-retry", "0", "--queue-timeout",
                "5m",
                "--process-timeout", "0", "--concurrency-key", "user \"7\"", "--max-concurrency", "3",
                "--unique-key", "u", "--metadata", #"{"user":7}"#, "--run-at", "2026-01-31T09:30:00Z",
                "--retry-strategy", "linear", "--retry-jitter", "0.5") == #"""
                    {"payload":{"to":"ann"},"priority":-5,"max_retry":0,"queue_timeout":300,"process_timeout":0,\#
                    "concurrency_key":"user \"7\"","max_concurrency":3,"run_at":"2026-01-31T09:30:00.000Z",\#
                    "unique_key":"u","metadata":{"user":7},"retry_policy":{"strategy":"linear","jitter":0.5}}
                    """#)
    }

    @Test func onlyWhatIsGivenIsSent() throws {
        #expect(try patch("--priority", "9") == #"{"priority":9}"#)
        #expect(try patch("--delay", "1h") == #"{"delay":3600}"#)
        #expect(try patch("--now") == #"{"run_at":null}"#)
        #expect(try patch("--payload", "null") == #"{"payload":null}"#)
    }

    @Test func theRuleOfTheUniqueKeyIsChanged() throws {
        #expect(try patch("--unique-key", "u") == #"{"unique_key":"u"}"#)
        #expect(try patch("--unique-until", "started") == #"{"unique":{"until":"started"}}"#)
        #expect(
            try patch("--unique-key", "u", "--unique-window", "1h")
                == #"{"unique":{"key":"u","window":3600}}"#)
    }

    @Test func aFieldIsUnsetByItsOptionOrItsNameInTheAPI() throws {
        #expect(
            try patch("--priority", "9", "--unset", "unique-key", "--unset", "max_concurrency", "--now")
                == #"{"priority":9,"max_concurrency":null,"run_at":null,"unique_key":null}"#)
        for field in TaskEdit.Field.allCases {
            let option = field.rawValue.replacing("_", with: "-")
            #expect(try patch("--unset", option) == #"{"\#(field.rawValue)":null}"#)
        }
    }

    @Test func aFieldIsNotBothGivenAndUnset() {
        let pairs = [
            ["--priority", "9", "--unset", "priority"], ["--payload", "1", "--unset", "payload"],
            ["--retry-delay", "5s", "--unset", "retry-policy"],
            ["--unique-key", "u", "--unset", "unique-key"], ["--unique-key", "u", "--unset", "unique"],
            ["--unique-window", "1h", "--unset", "unique-key"],
        ]
        for arguments in pairs {
            #expect(throws: ValidationError.self, "\(arguments)") { try patch(arguments) }
        }
    }

    @Test(
        arguments: [
            (["edit", id], "at least one field"), (["edit", "--priority", "9"], "Missing"),
            (["edit", "7", "--now"], "7 is not a task ID"),
            (["edit", id, "--now", "--id", id], "--id"),
            (["edit", id, "--unset", "type"], "type is not one of"),
            (["edit", id, "--unique-key", "u", "--on-conflict=replace"], "--on-conflict"),
            (["edit", id, "--delay", "5m", "--now"], "cannot be combined"),
            (["edit", id, "--delay", "5m", "--run-at", "2026-01-31T09:30:00Z"], "cannot be combined"),
            (["edit", id, "--now", "--unset", "run-at"], "cannot be combined"),
            (["edit", id, "--now", "--if-version", "0"], "1 or more"),
            (["edit", id, id, "--now", "--if-version", "3"], "a single task"),
            (["edit", "-", "--now", "--if-version", "3"], "a single task"),
            (["edit", "-", "--payload", "-"], "standard input"),
        ])
    func anInvalidCommandLineIsRejected(arguments: [String], reason: String) {
        let error = #expect(throws: (any Error).self) { try XQueueCommand.parseAsRoot(arguments) }
        if let error {
            #expect(XQueueCommand.exitCode(for: error) == .validationFailure)
            #expect(XQueueCommand.message(for: error).contains(reason))
        }
    }

    @Test func aWrongTimeIsReported() {
        #expect(throws: CommandError.self) { try patch("--run-at", "tomorrow") }
    }
}
