import ArgumentParser
import Foundation
import Testing
import XQueueClient

@testable import XQueueCLI

/// The unique key as options, and what is shown of it.
struct UniqueFieldsTests {
    private func body(_ arguments: String...) throws -> String {
        let command = try XQueueCommand.parseAsRoot(["submit", "t"] + arguments)
        return try #require(command as? SubmitCommand).submission(type: "t").json
    }

    @Test func aKeyAloneHasItsShortForm() throws {
        #expect(try body("--unique-key", "u") == #"{"type":"t","unique_key":"u"}"#)
        #expect(try body() == #"{"type":"t"}"#)
    }

    @Test func everyFieldHasAnOption() throws {
        #expect(
            try body(
                "--unique-key", "u", "--unique-by", "customer.id", "--unique-by", "kind", "--unique-until",
                "window", "--unique-window", "1h", "--unique-across-types", "--on-conflict", "reject") == """
                    {"type":"t","unique":{"key":"u","by":["customer.id","kind"],"until":"window","window":3600,\
                    "across_types":true,"on_conflict":"reject"}}
                    """)
    }

    @Test func onlyWhatIsGivenIsSent() throws {
        #expect(try body("--unique-by", "a") == #"{"type":"t","unique":{"by":["a"]}}"#)
        #expect(try body("--unique-by", ".") == #"{"type":"t","unique":{"by":[]}}"#)
        #expect(
            try body("--unique-key", "u", "--unique-until", "started")
                == #"{"type":"t","unique":{"key":"u","until":"started"}}"#)
    }

    @Test(
        arguments: [
            (["return"], #""return""#), (["replace"], #""replace""#), (["rerun"], #""rerun""#),
            (["debounce", "--debounce-wait", "500ms"], #""debounce","wait":0.5"#),
            (
                [
                    "debounce", "--debounce-wait", "5s", "--debounce-max-wait", "1m", "--debounce-keep",
                    "first",
                ],
                #""debounce","wait":5,"max_wait":60,"keep":"first""#
            ),
        ])
    func conflicts(arguments: [String], sent: String) throws {
        let command = try XQueueCommand.parseAsRoot(
            ["submit", "t", "--unique-key", "u", "--on-conflict"] + arguments)
        #expect(
            try #require(command as? SubmitCommand).submission(type: "t").json
                == #"{"type":"t","unique":{"key":"u","on_conflict":\#(sent)}}"#)
    }

    @Test(
        arguments: [
            (["t", "--unique-window", "1h"], "--unique-key or --unique-by is required"),
            (["t", "--on-conflict", "reject"], "--unique-key or --unique-by is required"),
            (["t", "--unique-by", ".", "--unique-by", "a"], "the whole payload"),
            (["t", "--unique-key", "u", "--unique-until", "noon"], "noon"),
            (["t", "--unique-key", "u", "--on-conflict", "debounce"], "requires --debounce-wait"),
            (["t", "--unique-key", "u", "--debounce-wait", "5s"], "require --on-conflict debounce"),
            (
                ["t", "--unique-key", "u", "--on-conflict", "replace", "--debounce-keep", "first"],
                "require --on-conflict debounce"
            ),
            (["--file", "x", "--unique-key", "u"], "--file cannot be combined"),
            (["--file", "x", "--on-conflict", "reject"], "--file cannot be combined"),
        ])
    func anInvalidCommandLineIsRejected(arguments: [String], reason: String) {
        let error = #expect(throws: (any Error).self) {
            try XQueueCommand.parseAsRoot(["submit"] + arguments)
        }
        if let error {
            #expect(XQueueCommand.exitCode(for: error) == .validationFailure)
            #expect(XQueueCommand.message(for: error).contains(reason))
        }
    }

    @Test func theHelpHasThemTogether() throws {
        let help = XQueueCommand.helpMessage(for: SubmitCommand.self)
        let part = try #require(help.range(of: "UNIQUENESS:\n"))
        let options = help[part.upperBound...].prefix(
            upTo: help.range(of: "WAITING:\n")?.lowerBound ?? help.endIndex)
        for name in [
            "unique-key", "unique-by", "unique-until", "unique-window", "unique-across-types", "on-conflict",
            "debounce-wait", "debounce-max-wait", "debounce-keep",
        ] {
            #expect(options.contains("--\(name) ") || options.contains("--\(name)\n"), "\(name)")
        }
        #expect(!XQueueCommand.helpMessage(for: EditCommand.self).contains("--on-conflict"))
    }

    private func task(_ more: String) throws -> QueueTask {
        let text = """
            {"id":"01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f","type":"t","payload":null,"priority":0,"max_retry":3,\
            "queue_timeout":0,"process_timeout":60,"retry_policy":{"strategy":"fixed","delay":1,"max_delay":9,"jitter":0},\
            "attempt":0,"retry_count":0,"errors":[],"version":1,"created_at":"2026-01-01T00:00:00.000Z",\
            "updated_at":"2026-01-01T00:00:00.000Z","run_at":"2026-01-01T00:00:00.000Z"\(more)}
            """
        return try JSONDecoder().decode(QueueTask.self, from: Data(text.utf8))
    }

    @Test func aSubmissionSaysIfItAddedNoTask() throws {
        let id = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"
        #expect(try task(#","status":"pending""#).submitNote == nil)
        #expect(
            try task(#","status":"processing","deduplicated":true"#).submitNote
                == "\(id) already exists, processing; no task was added")
        #expect(
            try task(#","status":"pending","pending_reason":"blocked","replaced":true"#).submitNote
                == "\(id) was updated by this submission; no task was added")
    }

    @Test func aBlockedTaskIsListedAsSuch() throws {
        let blocked = try task(#","status":"pending","pending_reason":"blocked""#)
        #expect(ListCommand.table([blocked], isTerminal: false).rows.first?[2] == "blocked")
        let odd = try task(#","status":"pending","pending_reason":"moonlight""#)
        #expect(ListCommand.table([odd], isTerminal: false).rows.first?[2] == "pending")
    }

    @Test(
        arguments: [
            (#"{"key":"k","until":"done","window":null,"across_types":false}"#, "until done"),
            (
                #"{"key":"k","until":"window","window":3600,"across_types":true}"#,
                "until window  window 3600  across types"
            ),
        ])
    func aTaskShowsItsRule(rule: String, shown: String) throws {
        let text = try TaskSheet.text(#"{"unique_key":"k","unique":\#(rule)}"#, isTerminal: false)
        #expect(text == "unique_key\tk\nunique\t\(shown)\n")
    }
}
