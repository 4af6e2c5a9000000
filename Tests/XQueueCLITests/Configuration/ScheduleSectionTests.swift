import Testing
import XQueue
import XQueueCore

@testable import XQueueCLI

/// The section `schedules` of the configuration file.
@Suite("Schedules in the configuration file") struct ScheduleSectionTests {
    private func read(_ text: String) throws -> FileSchedules? {
        try ConfigurationFile(text: text, path: "xqueue.yaml", settings: SettingsTable.all).schedules
    }

    private func expectError(
        _ text: String, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
            try read(text)
        }
        #expect(
            error?.description.contains(words) == true, "\(error?.description ?? "")",
            sourceLocation: sourceLocation)
    }

    @Test("Fields are those of the API, with durations like 15m") func fields() throws {
        let file = try #require(
            try read(
                """
                schedules_revision: 7
                schedules:
                  nightly:
                    cron: "30 2 * * *"
                    time_zone: Europe/Berlin
                    overlap: queue
                    catch_up_window: 6h
                    jitter: 2m
                    max_runs: 10
                    starts_at: 2026-01-01T00:00:00Z
                    task:
                      type: report
                      payload: { kind: daily, big: 12345678901234567890, on: true, none: null, text: "7", delay: 5m }
                      process_timeout: 30m
                      retry_policy: { strategy: fixed, delay: 10s }
                  often: { every: 15m, offset: 60, task: { type: poll, payload: { 'a "b"': 1 } } }
                """))
        #expect(file.revision == 7 && file.schedules.map(\.name) == ["nightly", "often"])
        let nightly = file.schedules[0]
        #expect(nightly.timing.rule == .cron("30 2 * * *") && nightly.timing.timeZone == "Europe/Berlin")
        #expect(nightly.overlap == .queue && nightly.catchUpWindow == .seconds(21_600))
        #expect(nightly.jitter == .seconds(120) && nightly.maxRuns == 10)
        #expect(nightly.startsAt.map { Timestamp($0).rfc3339 } == "2026-01-01T00:00:00.000Z")
        #expect(nightly.task.processTimeout == .seconds(1800))
        #expect(nightly.task.retryPolicy.delay == .seconds(10))
        #expect(
            nightly.task.payload.text
                == #"{"kind":"daily","big":12345678901234567890,"on":true,"none":null,"text":"7","delay":"5m"}"#
        )
        #expect(file.schedules[1].task.payload.text == #"{"a \"b\"":1}"#)
        #expect(file.schedules[1].timing.rule == .every(.seconds(900), offset: .seconds(60)))
    }

    @Test("Without the section nothing is set; an empty one removes what older files have set") func empty()
        throws
    {
        #expect(try read("server: { port: 8080 }") == nil)
        #expect(try read("schedules:")?.schedules.isEmpty == true)
        #expect(try read("schedules_revision: 3")?.revision == 3)
    }

    @Test("Mistakes are named with their line") func mistakes() {
        expectError("schedules: 7", "xqueue.yaml:1: 'schedules' must be a section")
        expectError("schedules:\n  a: { cron: '* * *', task: { type: x } }", "xqueue.yaml:2")
        expectError("schedules:\n  a: { cron: '@daily' }", "schedules.a: task is required")
        expectError("schedules:\n  a: 7", "schedules.a")
        expectError(
            "schedules:\n  a: { cron: '@daily', task: { typ: x } }", "schedules.a: task: unknown field typ")
        expectError("schedules_revision: -1", "'schedules_revision' must be between 0 and")
        expectError("schedule:\n  a: 7", "did you mean 'schedules'?")
    }

    @Test("They are listed with their source") func listed() async throws {
        var resolved = ResolvedConfiguration()
        resolved.values.schedules = FileSchedules(
            revision: 2,
            schedules: [Schedule("nightly", ScheduleTiming(.cron("@daily")), TaskSubmission(type: "report"))])
        resolved.sources[SettingsTable.schedulesSection] = .file(FilePlace(path: "xqueue.yaml", line: 3))
        let lines = ConfigurationListing.values(of: resolved).split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("schedules_revision") && $0.contains(" 2 ") })
        #expect(
            lines.contains {
                $0.hasPrefix("schedules.nightly") && $0.contains("\"@daily\" UTC: report")
                    && $0.hasSuffix("file xqueue.yaml:3")
            })
    }
}
