import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Commands of schedules with a real server, and the schedules of its configuration file.
@Suite("Schedule commands") struct ScheduleCommandTests {
    @Test("A schedule is set, shown, run, back-filled, paused and removed") func commands() async throws {
        let folder = try ServerFolder()
        let server = try await ServerProcess(in: folder)
        let (api, tool) = (API(server), Tool(server, in: folder))
        let set = try await tool.run(
            "schedules", "set", "nightly", "30 2 * * *", "--type", "example", "--payload", #"{"n":1}"#,
            "--time-zone", "Europe/Berlin", "--overlap", "queue", "--jitter", "2m", "--max-runs", "10",
            "--json")
        #expect(set.status == 0, "\(set.errors)")
        #expect(set.output.contains(#""jitter":120"#) && set.output.contains(#""max_runs":10"#))
        let kept = try await tool.run("schedules", "set", "nightly", "--keep", "--jitter", "0s", "--json")
        #expect(kept.status == 0 && kept.output.contains(#""jitter":0"#), "\(kept.errors)")
        #expect(kept.output.contains(#""time_zone":"Europe/Berlin""#))
        let conflict = try await tool.run(
            "schedules", "set", "nightly", "@daily", "--type", "example", "--if-version", "1")
        #expect(conflict.status == 1 && conflict.errors.contains("version"), "\(conflict.errors)")
        let wrong = try await tool.run("schedules", "set", "nightly", "61 * * * *", "--type", "example")
        #expect(wrong.status != 0 && wrong.errors.contains("minute"), "\(wrong.errors)")

        let shown = try await tool.run("schedules", "show", "nightly")
        #expect(shown.output.contains("at 02:30 every day") && shown.output.contains("Europe/Berlin"))
        let list = try await tool.run("schedules", "list")
        #expect(list.output.contains("nightly") && list.output.contains("at 02:30 every day"))
        #expect(try await tool.run("schedules", "show", "unknown").status != 0)

        let run = try await tool.run("schedules", "run", "nightly")
        #expect(
            run.status == 0 && run.lines.first.flatMap { TaskID($0) } != nil, "\(run.output)\(run.errors)")
        let fill = [
            "schedules", "backfill", "nightly", "--from", "2026-01-01T00:00:00Z", "--to",
            "2026-01-04T00:00:00Z",
            "--json",
        ]
        let tried = try await tool.start(fill + ["--dry-run"]).end()
        let filled = try await tool.start(fill).end()
        for outcome in [tried, filled] {
            #expect(outcome.output.components(separatedBy: #""new":true"#).count == 4, "\(outcome.errors)")
        }
        let tasks: QueueTaskPage = try await api.send("GET", "/tasks?limit=100").decoded()
        #expect(tasks.total == 4)

        let paused = try await tool.run("schedules", "pause", "nightly", "--reason", "holidays")
        #expect(paused.status == 0, "\(paused.errors)")
        #expect(try await tool.run("schedules", "show", "nightly").output.contains("holidays"))
        #expect(try await tool.run("schedules", "resume", "nightly").status == 0)
        #expect(try await tool.run("schedules", "rm", "nightly").status == 0)
        #expect(try await tool.run("schedules", "rm", "nightly").status != 0)
    }

    @Test("The file's schedules tick, and survive a restart with an older file") func file() async throws {
        let folder = try ServerFolder()
        func write(_ revision: Int, _ period: Int) throws {
            try folder.write(
                "xqueue.yaml",
                """
                schedules_revision: \(revision)
                schedules:
                  often: { every: \(period)s, overlap: allow, task: { type: example, payload: { duration_ms: 0 } } }
                """)
        }
        try write(2, 1)
        let server = try await ServerProcess(in: folder)
        let api = API(server)
        try await eventually("it ticks") {
            let page: QueueTaskPage = try await api.send("GET", "/tasks?limit=100").decoded()
            return page.tasks.count { $0.scheduled?.schedule == "often" && $0.status == .success } > 2
        }
        let refused = try await Tool(server, in: folder).run("schedules", "rm", "often")
        #expect(refused.status != 0 && refused.errors.contains("configuration file"), "\(refused.errors)")
        server.send(SIGTERM)
        #expect(try await server.exitStatus() == 0)
        try write(1, 3600)
        let next = try await ServerProcess(in: folder)
        let shown = try await Tool(next, in: folder).run("schedules", "show", "often", "--json")
        #expect(shown.output.contains(#""every":1,"#), "\(shown.output)")
    }
}
