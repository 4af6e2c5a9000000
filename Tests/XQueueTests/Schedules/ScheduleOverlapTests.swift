import Testing
import XQueueCore
import XQueueTesting

@testable import XQueue

/// What becomes of a tick while the task of an earlier one runs.
@Suite("Overlapping ticks") struct ScheduleOverlapTests {
    /// Runs a schedule whose first task is held until the fourth tick has come.
    ///
    /// - Returns: The schedule, its tasks, and the ticks it had.
    private func run(
        _ overlap: Schedule.Overlap
    ) async throws -> (report: ScheduleReport, tasks: [TaskRecord], expected: [Timestamp]) {
        let fixture = try RuntimeFixture()
        let gate = Gate()
        try fixture.manager.register("t") { (task: TaskContext<RawJSON>) -> RawJSON? in
            // Held until it is canceled, or the gate opens.
            await withTaskCancellationHandler {
                await gate.pass()
            } onCancel: {
                gate.open()
            }
            try Task.checkCancellation()
            return nil
        }
        var result: (ScheduleReport, [TaskRecord], [Timestamp])?
        try await fixture.running { _ in
            let expected = Schedules.times(after: fixture.clock.now(), every: 10, 5)
            try await fixture.manager.setSchedule(Schedules.every { $0.overlap = overlap })
            try await fixture.pass(until: expected[0])
            try await eventually("the first task runs") { gate.entered == 1 }
            try await fixture.pass(until: expected[3])
            gate.open()
            try await fixture.advance(by: .milliseconds(500), until: "all tasks have ended") {
                let report = try await fixture.manager.schedule("tick")
                let areOver = try await Schedules.tasks(fixture.manager).allSatisfy { $0.status.isFinal }
                return areOver && report?.activity.waitingTick == nil
            }
            let report = try #require(try await fixture.manager.schedule("tick"))
            result = (report, try await Schedules.tasks(fixture.manager), expected)
        }
        return try #require(result)
    }

    @Test("`skip` skips and counts it") func skip() async throws {
        let (report, tasks, expected) = try await run(.skip)
        #expect(tasks.first?.scheduled?.tick == expected[0])
        #expect(report.activity.skipped == 3)
        #expect(!tasks.contains { expected[1...3].contains($0.scheduled?.tick ?? expected[0]) })
    }

    @Test("`allow` runs both") func allow() async throws {
        let (report, tasks, expected) = try await run(.allow)
        #expect(tasks.compactMap(\.scheduled?.tick).prefix(4) == expected.prefix(4))
        #expect(report.activity.skipped == 0)
    }

    @Test("`queue` lets one wait for the end of the first, and skips the rest") func queue() async throws {
        let (report, tasks, expected) = try await run(.queue)
        #expect(tasks.compactMap(\.scheduled?.tick).prefix(2) == expected.prefix(2))
        #expect(report.activity.skipped == 2)
        let (first, second) = (try #require(tasks.first), try #require(tasks.dropFirst().first))
        let end = try #require(first.completedAt)
        #expect(end <= second.createdAt, "never both at once")
    }

    @Test("`cancel_running` cancels the first, and runs the tick after it") func cancelRunning() async throws
    {
        let (report, tasks, expected) = try await run(.cancelRunning)
        #expect(tasks.first?.status == .canceled)
        #expect(tasks.compactMap(\.scheduled?.tick).prefix(2) == expected.prefix(2))
        let (first, second) = (try #require(tasks.first), try #require(tasks.dropFirst().first))
        let end = try #require(first.completedAt)
        #expect(end <= second.createdAt, "never both at once")
        #expect(report.activity.skipped == 0)
    }
}
