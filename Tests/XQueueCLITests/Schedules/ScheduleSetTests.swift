import ArgumentParser
import Foundation
import Testing
import XQueueTestServers

@testable import XQueueCLI

/// What `xqueue schedules set` sends.
struct ScheduleSetTests {
    private func body(_ arguments: String...) throws -> String {
        let command = try XQueueCommand.parseAsRoot(["schedules", "set"] + arguments)
        return try #require(command as? SchedulesSetCommand).body()
    }

    @Test func everyFieldHasAnOption() throws {
        #expect(
            try body(
                "nightly", "30 2 * * *", "--time-zone", "Europe/Berlin", "--gap", "skip", "--fold", "both",
                "--overlap", "cancel_running", "--catch-up", "last", "--catch-up-window", "6h", "--jitter",
                "2m",
                "--starts-at", "2026-01-01T00:00:00Z", "--ends-at", "2027-01-01T00:00:00Z", "--max-runs",
                "10",
                "--pause-after-failures", "5", "--type", "report", "--payload", #"{"kind":"daily"}"#,
                "--priority", "-3", "--unique-key", "u", "--retry-jitter", "0.5") == """
                    {"cron":"30 2 * * *","time_zone":"Europe/Berlin","dst":{"gap":"skip","fold":"both"},\
                    "overlap":"cancel_running","catch_up":"last","catch_up_window":21600,"jitter":120,\
                    "starts_at":"2026-01-01T00:00:00.000Z","ends_at":"2027-01-01T00:00:00.000Z","max_runs":10,\
                    "pause_after_failures":5,"task":{"type":"report","payload":{"kind":"daily"},"priority":-3,\
                    "unique_key":"u","retry_policy":{"jitter":0.5}}}
                    """)
    }

    @Test func theTaskMayBeUnique() throws {
        #expect(
            try body("s", "@daily", "--type", "t", "--unique-key", "u", "--unique-window", "1d")
                == #"{"cron":"@daily","task":{"type":"t","unique":{"key":"u","window":86400}}}"#)
        #expect(
            try body("s", "--keep", "--unique-until", "started")
                == #"{"task":{"unique":{"until":"started"}}}"#)
    }

    @Test func omittedFieldsAreLeftToTheServer() throws {
        #expect(try body("s", "@daily", "--type", "t") == #"{"cron":"@daily","task":{"type":"t"}}"#)
        #expect(
            try body("s", "--every", "15m", "--offset", "1m", "--type", "t", "--max-runs", "none")
                == #"{"every":900,"offset":60,"max_runs":null,"task":{"type":"t"}}"#)
    }

    @Test func onlyTheGivenFieldsAreChanged() throws {
        #expect(try body("s", "--keep", "--overlap", "allow") == #"{"overlap":"allow"}"#)
        #expect(
            try body("s", "--keep", "--ends-at", "none", "--max-retry", "1")
                == #"{"ends_at":null,"task":{"max_retry":1}}"#)
        #expect(try body("s", "--keep", "--offset", "5") == #"{"offset":5}"#)
    }

    @Test func aRuleReplacesTheOtherKind() throws {
        #expect(try body("s", "--keep", "@daily") == #"{"cron":"@daily","every":null,"offset":null}"#)
        #expect(try body("s", "--keep", "--every", "60") == #"{"every":60,"cron":null,"dst":null}"#)
    }

    @Test func aFileIsSentAsItIs() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/schedule.json"
        try Data(#"{"cron": "@daily", "task": {"type": "t"}}"#.utf8).write(to: URL(filePath: path))
        #expect(try body("s", "--file", path) == #"{"cron": "@daily", "task": {"type": "t"}}"#)
        try Data("[]".utf8).write(to: URL(filePath: path))
        #expect(throws: CommandError.self) { try body("s", "--file", path) }
        let missing = #expect(throws: CommandError.self) { try body("s", "--file", path + "x") }
        #expect(missing?.exit == .noInput)
    }

    @Test(
        arguments: [
            ["set"], ["set", "s"], ["set", "s", "@daily"], ["set", "s", "--type", "t"],
            ["set", "", "@daily", "--type", "t"], ["set", "s", "@daily", "--every", "5m", "--type", "t"],
            ["set", "s", "@daily", "--offset", "5m", "--type", "t"],
            ["set", "s", "@daily", "--gap", "skip", "--type", "t"], ["set", "s", "--keep"],
            ["set", "s", "@daily", "--type", "t", "--overlap", "never"],
            ["set", "s", "@daily", "--type", "t", "--max-runs", "0"],
            ["set", "s", "@daily", "--type", "t", "--ends-at", "soon"],
            ["set", "s", "@daily", "--type", "t", "--if-version", "-1"],
            ["set", "s", "--file", "x", "--unique-key", "u"],
            ["set", "s", "@daily", "--type", "t", "--unique-window", "1h"],
            ["set", "s", "--file", "x", "--type", "t"], ["set", "s", "@daily", "--file", "x"],
            ["show"], ["show", ""], ["pause"], ["run", "s", "--wait-for", "5s"], ["rm"],
            ["rm", "s", "--if-version", "x"], ["list", "--limit", "0"], ["list", "--limit", "1001"],
            ["backfill", "s", "--from", "2026-01-01T00:00:00Z"],
            ["backfill", "s", "--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z"],
            ["preview"], ["preview", "@daily", "--every", "5m"], ["preview", "@daily", "--after", "now"],
        ])
    func anInvalidCommandLineIsRejected(arguments: [String]) {
        let error = #expect(throws: (any Error).self) {
            try XQueueCommand.parseAsRoot(["schedules"] + arguments)
        }
        if let error { #expect(XQueueCommand.exitCode(for: error) == .validationFailure) }
    }

    @Test(
        arguments: [
            (["--id", "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"], "--id cannot be used"),
            (["--delay", "5m"], "--delay and --run-at cannot be used"),
            (["--run-at", "2026-01-01T00:00:00Z"], "--delay and --run-at cannot be used"),
            (["--unique-key", "u", "--on-conflict", "replace"], "--on-conflict cannot be used"),
        ])
    func fieldsOfASingleTaskAreExplained(arguments: [String], message: String) {
        let error = #expect(throws: (any Error).self) {
            try XQueueCommand.parseAsRoot(["schedules", "set", "s", "@daily", "--type", "t"] + arguments)
        }
        if let error { #expect(XQueueCommand.message(for: error).contains(message)) }
        let help = XQueueCommand.helpMessage(for: SchedulesSetCommand.self)
        #expect(help.contains("--max-retry"))
        #expect(!help.contains("--run-at"))
        #expect(!help.contains("--on-conflict"))
    }

    @Test func schedulesAreListedByDefault() throws {
        #expect(try XQueueCommand.parseAsRoot(["schedules"]) is SchedulesListCommand)
    }
}
