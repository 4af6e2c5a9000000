import Testing
import XQueueClient
import XQueueCore

/// Schedules of a real server.
@Suite struct ScheduleServerTests {
    private var nightly: ScheduleDefinition {
        ScheduleDefinition(
            .init(.cron("30 2 * * *"), timeZone: "UTC"),
            task: Submission(type: "mirror", payload: try? RawJSON("{\"z\": 1.50}")))
    }

    @Test func aScheduleIsSetFoundAndRemoved() async throws {
        try await ClientServer.run { client in
            #expect(try await client.schedule("nightly") == nil)
            let set = try await client.setSchedule("nightly", nightly, version: 0)
            #expect(set.taskType == "mirror")
            #expect(set.task.text.contains("{\"z\": 1.50}"))
            #expect(set.timing?.rule == .cron("30 2 * * *"))
            #expect(set.nextTicks.count == 5)
            #expect(try await client.schedule("nightly")?.version == set.version)
            try await client.setSchedule("weekly", nightly)
            let first = try await client.schedules(limit: 1)
            #expect(first.schedules.map(\.name) == ["nightly"])
            let rest = try await client.schedules(after: first.next)
            #expect(rest.schedules.map(\.name) == ["weekly"])
            #expect(rest.next == nil)
            let error = await #expect(throws: QueueClientError.self) {
                try await client.setSchedule("nightly", nightly, version: set.version + 1)
            }
            #expect(error?.code == .versionConflict)
            try await client.removeSchedule("nightly", version: set.version)
            #expect(try await client.schedule("nightly") == nil)
        }
    }

    @Test func aScheduleIsPausedResumedAndRun() async throws {
        try await ClientServer.run { client in
            try await client.setSchedule("nightly", nightly)
            let paused = try await client.pauseSchedule("nightly", reason: "a move")
            #expect(paused.isPaused)
            #expect(paused.pauseReason == "a move")
            #expect(paused.nextAt == nil)
            #expect(try await !client.resumeSchedule("nightly").isPaused)
            let task = try await client.runSchedule("nightly")
            #expect(try await client.end(of: task.id).result?.text == "{\"z\": 1.50}")
        }
    }

    @Test func anInvalidScheduleIsRejectedWithItsField() async throws {
        try await ClientServer.run { client in
            var schedule = nightly
            schedule.timing.rule = .cron("61 * * * *")
            let error = await #expect(throws: QueueClientError.self) {
                try await client.setSchedule("nightly", schedule)
            }
            #expect(error?.field == "cron")
            schedule = nightly
            schedule.task.type = "not a type"
            let other = await #expect(throws: QueueClientError.self) {
                try await client.setSchedule("nightly", schedule)
            }
            #expect(other?.field == "task.type")
        }
    }
}
