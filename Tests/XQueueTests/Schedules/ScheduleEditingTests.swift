import Testing
import XQueueCore
import XQueueTesting

@testable import XQueue

/// Schedules can be changed by several, run by hand, and back-filled.
@Suite("Editing of schedules") struct ScheduleEditingTests {
    private func fixture() throws -> RuntimeFixture { try RuntimeFixture() }

    @Test("An expected version protects from overwriting another's change") func versions() async throws {
        let manager = try fixture().manager
        #expect(try await manager.setSchedule(Schedules.every(), version: 0).report.version == 1)
        await expect(.versionConflict) { try await manager.setSchedule(Schedules.every(), version: 0) }
        #expect(try await manager.setSchedule(Schedules.every(20), version: 1).report.version == 2)
        await expect(.versionConflict) { try await manager.setSchedule(Schedules.every(), version: 1) }
        await expect(.versionConflict) {
            try await manager.setSchedule(Schedules.every(5, "other"), version: 3)
        }
        await expect(.versionConflict) { try await manager.removeSchedule("tick", version: 1) }
        try await manager.removeSchedule("tick", version: 2)
        await expect(.notFound) { try await manager.removeSchedule("tick") }
        await expect(.notFound) { try await manager.pauseSchedule("tick") }
        await expect(.notFound) { try await manager.runSchedule("tick") }
    }

    @Test("Of many changes at once none is lost") func concurrent() async throws {
        let manager = try fixture().manager
        try await manager.setSchedule(Schedules.every())
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { _ = try? await manager.pauseSchedule("tick", reason: "\(number)") }
            }
        }
        #expect(try await manager.schedule("tick")?.version == 9)
    }

    @Test("New times count from now on; the same times keep a tick that is due") func times() async throws {
        let fixture = try fixture()
        let manager = fixture.manager
        let first = try #require(try await manager.setSchedule(Schedules.every()).report.nextAt)
        fixture.clock.advance(by: .seconds(15))
        let same = try await manager.setSchedule(Schedules.every { $0.task.priority = 7 }).report
        #expect(same.nextAt == first && same.definition.priority == 7)
        let other = try await manager.setSchedule(Schedules.every(20)).report
        let next = try #require(other.nextAt)
        #expect(next > fixture.clock.now().date)
    }

    @Test("A run by hand is outside of the ticks") func runNow() async throws {
        let manager = try fixture().manager
        let next = try await manager.setSchedule(Schedules.every { $0.task.payload = RawJSON(trusted: "7") })
            .report.nextAt
        let task = try await manager.runSchedule("tick").record
        #expect(task.payload.text == "7" && task.scheduled == nil)
        let report = try #require(try await manager.schedule("tick"))
        #expect(report.nextAt == next && report.activity.fired == 0)
    }

    @Test("A back-fill submits the ticks of the past once") func backfill() async throws {
        let fixture = try fixture()
        let manager = fixture.manager
        try await manager.setSchedule(Schedules.every(3600, "hourly"))
        let end = fixture.clock.now()
        let start = end + .seconds(-5 * 3600)
        let tried = try await manager.backfillSchedule(
            "hourly", from: start.date, to: end.date, isDryRun: true)
        #expect(tried.count == 5 && tried.allSatisfy(\.isNew))
        #expect(try await Schedules.tasks(manager).isEmpty)
        let filled = try await manager.backfillSchedule("hourly", from: start.date, to: end.date)
        #expect(filled == tried && filled.first?.tick == start.date)
        let tasks = try await Schedules.tasks(manager)
        #expect(tasks.map(\.id) == filled.map(\.taskID))
        #expect(tasks.allSatisfy { $0.scheduled?.isLate == true })
        let again = try await manager.backfillSchedule(
            "hourly", from: (start + .seconds(-3600)).date, to: end.date)
        #expect(again.map(\.isNew) == [true, false, false, false, false, false])
        #expect(try await Schedules.tasks(manager).count == 6)
        let look = try await manager.backfillSchedule(
            "hourly", from: start.date, to: end.date, isDryRun: true)
        #expect(look.map(\.isNew) == [false, false, false, false, false])
        #expect(try await manager.schedule("hourly")?.activity.fired == 0)
    }

    @Test("A back-fill has bounds") func bounds() async throws {
        let fixture = try fixture()
        let manager = fixture.manager
        try await manager.setSchedule(Schedules.every(1))
        let now = fixture.clock.now()
        func expectInvalid(_ field: String, _ from: Timestamp, _ to: Timestamp) async {
            let error = await #expect(throws: QueueError.self) {
                try await manager.backfillSchedule("tick", from: from.date, to: to.date)
            }
            #expect(error?.field == field, "\(String(describing: error))")
        }
        await expectInvalid("to", now, now + .seconds(1))
        await expectInvalid("from", now, now)
        await expectInvalid("to", now + .seconds(-1001), now)
        #expect(
            try await manager.backfillSchedule(
                "tick", from: (now + .seconds(-1000)).date, to: now.date, isDryRun: true
            )
            .count == 1000)
    }

    @Test("An older file does not set schedules back, and only a newer one removes") func files() async throws
    {
        let manager = try fixture().manager
        let (one, two) = (Schedules.every(10, "one"), Schedules.every(10, "two"))
        #expect(
            try await manager.setFileSchedules([one, two], revision: 1)
                == FileSchedulesOutcome(set: ["one", "two"]))
        #expect(try await manager.setFileSchedules([one, two], revision: 1) == FileSchedulesOutcome())
        #expect(
            try await manager.setFileSchedules([Schedules.every(20, "one")], revision: 2)
                == FileSchedulesOutcome(set: ["one"], removed: ["two"]))
        // An old node of a rolling deploy starts again.
        #expect(
            try await manager.setFileSchedules([one, two], revision: 1)
                == FileSchedulesOutcome(set: ["two"], kept: ["one"]))
        let report = try #require(try await manager.schedule("one"))
        #expect(report.source == .file && report.schedule.timing == ScheduleTiming(.every(.seconds(20))))
        await expect(.ownedByFile) { try await manager.setSchedule(one) }
        await expect(.ownedByFile) { try await manager.removeSchedule("one") }
        #expect(try await manager.pauseSchedule("one").isPaused)
        #expect(try await manager.setFileSchedules([Schedules.every(20, "one")], revision: 3).set == ["one"])
        #expect(try await manager.schedule("one")?.isPaused == true, "a deploy does not resume it")
    }

    @Test("A schedule made over the API is not taken over by a file") func ownership() async throws {
        let manager = try fixture().manager
        try await manager.setSchedule(Schedules.every(10, "own"))
        #expect(
            try await manager.setFileSchedules([Schedules.every(20, "own")], revision: 9)
                == FileSchedulesOutcome(kept: ["own"]))
        #expect(try await manager.schedule("own")?.source == .api)
    }

    @Test(
        "What is invalid is rejected with the field's name",
        arguments: [
            ("name", Schedules.every(10, "a b")), ("name", Schedules.every(10, "preview")),
            ("every", Schedules.every(0)),
            ("cron", Schedules.every { $0.timing = ScheduleTiming(.cron("0 0 30 2 *")) }),
            ("time_zone", Schedules.every { $0.timing.timeZone = "Mars/Base" }),
            ("jitter", Schedules.every { $0.jitter = .seconds(86_401) }),
            ("catch_up_window", Schedules.every { $0.catchUpWindow = .seconds(-1) }),
            ("max_runs", Schedules.every { $0.maxRuns = 0 }),
            ("pause_after_failures", Schedules.every { $0.pauseAfterFailures = 1001 }),
            ("task.id", Schedules.every { $0.task.id = TaskID(high: 1, low: 1) }),
            ("task", Schedules.every { $0.task.schedule = .after(.seconds(1)) }),
            ("task.type", Schedules.every { $0.task.type = "" }),
            ("task.max_retry", Schedules.every { $0.task.maxRetry = 1001 }),
        ])
    func invalid(_ field: String, _ schedule: Schedule) async throws {
        let manager = try fixture().manager
        let error = await #expect(throws: QueueError.self) { try await manager.setSchedule(schedule) }
        #expect(error?.field == field, "\(String(describing: error))")
    }

    private func expect<Value>(
        _ code: QueueError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Value
    ) async {
        let error = await #expect(throws: QueueError.self, sourceLocation: sourceLocation) {
            _ = try await body()
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }
}
