import Testing
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueue

/// Schedules fire each of their ticks once, whatever happens to the nodes.
@Suite("Firing of schedules") struct ScheduleFiringTests {
    private func manager(
        _ configure: (inout QueueConfiguration) -> Void = { _ in }
    ) throws -> RuntimeFixture {
        let fixture = try RuntimeFixture(configure)
        try fixture.manager.register("t") { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        return fixture
    }

    @Test("Every tick is fired once, and its task says which one it is") func everyTick() async throws {
        let fixture = try manager()
        try await fixture.running { _ in
            let start = fixture.clock.now()
            let (report, isNew) = try await fixture.manager.setSchedule(Schedules.every())
            #expect(isNew && report.version == 1)
            let expected = Schedules.times(after: start, every: 10, 12)
            #expect(report.nextAt == expected[0].date)
            try await fixture.pass(until: expected[11])
            let tasks = try await Schedules.tasks(fixture.manager)
            #expect(tasks.compactMap(\.scheduled?.tick) == expected)
            #expect(tasks.map { $0.scheduled?.previousTick } == [nil] + expected.dropLast())
            #expect(tasks.allSatisfy { $0.scheduled?.schedule == "tick" && $0.scheduled?.isLate == false })
            let after = try #require(try await fixture.manager.schedule("tick"))
            #expect(after.activity.fired == 12 && after.activity.late == 0 && after.activity.missed == 0)
            #expect(after.version == 1, "firing is no change")
            #expect(after.activity.runs.map(\.taskID) == tasks.suffix(10).map(\.id))
            #expect(after.nextAt == (expected[11] + .seconds(10)).date)
        }
    }

    @Test("A downtime of a day, with each way to catch up", arguments: Schedule.CatchUp.allCases)
    func downtime(catchUp: Schedule.CatchUp) async throws {
        let fixture = try manager()
        let start = fixture.clock.now()
        try await fixture.manager.setSchedule(
            Schedules.every(3600, "hourly") {
                $0.catchUp = catchUp
                $0.overlap = .allow
                $0.catchUpWindow = .seconds(20 * 3600)
            })
        let all = Schedules.times(after: start, every: 3600, 24)
        fixture.clock.advance(by: all[23] + .seconds(1800) - start)
        try await fixture.running { _ in
            try await fixture.settle()
            let tasks = try await Schedules.tasks(fixture.manager)
            let report = try #require(try await fixture.manager.schedule("hourly"))
            switch catchUp {
            case .all:
                #expect(tasks.compactMap(\.scheduled?.tick) == Array(all.suffix(20)))
                #expect(report.activity.missed == 4 && report.activity.late == 20)
            case .last:
                #expect(tasks.compactMap(\.scheduled?.tick) == [all[23]])
                #expect(report.activity.missed == 23 && report.activity.late == 1)
            case .none:
                #expect(tasks.isEmpty && report.activity.missed == 24 && report.activity.late == 0)
            }
            #expect(tasks.allSatisfy { $0.scheduled?.isLate == true })
            #expect(report.nextAt == (all[23] + .seconds(3600)).date)
        }
    }

    @Test("A restart exactly at a tick neither loses nor doubles it") func restart() async throws {
        let fixture = try ClusterFixture()
        let (one, two) = (fixture.node("node-1"), fixture.node("node-2"))
        try await fixture.running([one, two]) {
            let expected = Schedules.times(after: fixture.clock.now(), every: 10, 6)
            try await two.manager.setSchedule(Schedules.every { $0.overlap = .allow })
            try await fixture.pass(expected[1] + .milliseconds(-500) - fixture.clock.now())
            // It is on its way out when the tick comes, as in a deploy.
            await one.shutDown()
            fixture.clock.advance(by: .milliseconds(500))
            // As a deploy script does: it sets the schedule again, unchanged.
            try await two.manager.setSchedule(Schedules.every { $0.overlap = .allow })
            try await fixture.advance(by: .milliseconds(500), until: "the other node fires on") {
                try await Schedules.ticks(two.manager).count >= 6
            }
            #expect(try await Schedules.ticks(two.manager).prefix(6) == expected[0...5])
        }
    }

    @Test("Three nodes, of which the one that fires is cut off again and again, fire each tick once")
    func nodes() async throws {
        let fixture = try ClusterFixture()
        let nodes = ["node-1", "node-2", "node-3"].map { fixture.node($0) }
        try await fixture.running(nodes) {
            let start = fixture.clock.now()
            try await nodes[2].manager.setSchedule(Schedules.every(5) { $0.overlap = .allow })
            let expected = Schedules.times(after: start, every: 5, 40)
            var cut: [Int] = []
            var seen = [0, 0, 0]
            try await fixture.advance(until: "all ticks have come") {
                let count = try await Schedules.count(fixture.inner)
                if count / 8 > cut.count {
                    // The one that has swept since.
                    let sweeps = nodes.map { $0.store.calls(of: .sweep) }
                    let firing = zip(sweeps, seen).map { $0 - $1 }
                    for node in nodes { node.store.heal() }
                    if let busiest = firing.indices.max(by: { firing[$0] < firing[$1] }) {
                        nodes[busiest].store.cutOff()
                        cut.append(busiest)
                    }
                    seen = sweeps
                }
                return count >= 40
            }
            for node in nodes { node.store.heal() }
            // Enough for each of them to sweep again.
            try await fixture.pass(.seconds(30), step: .seconds(1))
            #expect(Set(cut).count > 1, "others took over: \(cut)")
            let ticks = try await Schedules.ticks(nodes[2].manager)
            #expect(Array(ticks.prefix(40)) == expected)
            #expect(Set(ticks).count == ticks.count)
        }
    }

    @Test("If the clock is set back, no tick comes twice; if it is set forward, none is lost")
    func clockSteps() async throws {
        let fixture = try manager()
        try await fixture.running { _ in
            let start = fixture.clock.now()
            try await fixture.manager.setSchedule(Schedules.every { $0.overlap = .allow })
            let expected = Schedules.times(after: start, every: 10, 12)
            try await fixture.pass(until: expected[3])
            fixture.clock.step(by: .seconds(-25))
            try await fixture.pass(until: expected[5])
            #expect(try await Schedules.ticks(fixture.manager) == Array(expected[0...5]))
            fixture.clock.step(by: .seconds(35))
            try await fixture.pass(until: expected[11])
            #expect(try await Schedules.ticks(fixture.manager) == expected)
        }
    }

    @Test("A full backlog delays a tick, and loses none") func backlog() async throws {
        let fixture = try manager()
        try await fixture.running { _ in
            let start = fixture.clock.now()
            try await fixture.manager.setSchedule(Schedules.every())
            let expected = Schedules.times(after: start, every: 10, 2)
            fixture.store.fail(.save, with: StoreError(.backlogFull, "full"))
            fixture.clock.advance(by: expected[0] - start)
            try await eventually("it was tried") { fixture.store.calls(of: .save) > 1 }
            #expect(try await Schedules.ticks(fixture.manager).isEmpty)
            fixture.store.heal()
            try await fixture.advance(by: .seconds(1), until: "it is fired") {
                try await Schedules.ticks(fixture.manager).first == expected[0]
            }
        }
    }

    @Test("It ends after its last run, and at its end") func ends() async throws {
        let fixture = try manager()
        try await fixture.running { _ in
            let start = fixture.clock.now()
            let expected = Schedules.times(after: start, every: 10, 6)
            try await fixture.manager.setSchedule(Schedules.every(10, "three") { $0.maxRuns = 3 })
            try await fixture.manager.setSchedule(
                Schedules.every(10, "between") {
                    $0.startsAt = expected[1].date
                    $0.endsAt = expected[4].date
                })
            try await fixture.pass(until: expected[5])
            let tasks = try await Schedules.tasks(fixture.manager)
            func ticks(_ name: String) -> [Timestamp] {
                tasks.filter { $0.scheduled?.schedule == name }.compactMap(\.scheduled?.tick)
            }
            #expect(ticks("three") == Array(expected[0...2]))
            #expect(ticks("between") == Array(expected[1...3]))
            for name in ["three", "between"] {
                #expect(try await fixture.manager.schedule(name)?.nextAt == nil)
            }
        }
    }

    @Test("A paused schedule fires nothing, and does not catch up when it is resumed") func pause()
        async throws
    {
        let fixture = try manager()
        try await fixture.running { _ in
            let start = fixture.clock.now()
            let expected = Schedules.times(after: start, every: 10, 6)
            try await fixture.manager.setSchedule(Schedules.every { $0.catchUp = .all })
            try await fixture.pass(until: expected[0])
            let paused = try await fixture.manager.pauseSchedule("tick", reason: "holidays")
            #expect(paused.isPaused && paused.activity.pauseReason == "holidays" && paused.nextAt == nil)
            try await fixture.pass(until: expected[3])
            let resumed = try await fixture.manager.resumeSchedule("tick")
            #expect(!resumed.isPaused && resumed.nextAt == expected[4].date)
            try await fixture.pass(until: expected[5])
            #expect(try await Schedules.ticks(fixture.manager) == [expected[0], expected[4], expected[5]])
        }
    }

    @Test("It pauses after failures in a row; successes start the count anew") func failures() async throws {
        let fixture = try RuntimeFixture()
        let outcomes = SharedList<Bool>()
        try fixture.manager.register("t") { (_: TaskContext<RawJSON>) -> RawJSON? in
            let fails = [true, true, false, true, true, true][min(outcomes.all.count, 5)]
            outcomes.append(fails)
            if fails { throw TaskFailure("no", isPermanent: true) }
            return nil
        }
        try await fixture.running { _ in
            let start = fixture.clock.now()
            try await fixture.manager.setSchedule(Schedules.every { $0.pauseAfterFailures = 3 })
            for tick in Schedules.times(after: start, every: 10, 8) {
                try await fixture.pass(until: tick)
                try await eventually("its task has ended") {
                    try await Schedules.tasks(fixture.manager).allSatisfy { $0.status.isFinal }
                }
            }
            let report = try #require(try await fixture.manager.schedule("tick"))
            #expect(report.activity.fired == 6)
            #expect(report.activity.pauseReason == "paused after 3 failed tasks in a row")
            #expect(
                report.activity.runs.map(\.status) == [.failed, .failed, .success, .failed, .failed, .failed])
            let resumed = try await fixture.manager.resumeSchedule("tick")
            #expect(resumed.activity.failures == 0 && resumed.nextAt != nil)
        }
    }

    @Test("A failure before it was resumed does not count, although nobody has looked since") func forgiven()
        async throws
    {
        let fixture = try RuntimeFixture()
        try fixture.manager.register("t") { (_: TaskContext<RawJSON>) -> RawJSON? in
            throw TaskFailure("no", isPermanent: true)
        }
        try await fixture.running { _ in
            let expected = Schedules.times(after: fixture.clock.now(), every: 10, 2)
            try await fixture.manager.setSchedule(Schedules.every { $0.pauseAfterFailures = 1 })
            try await fixture.pass(until: expected[0])
            try await eventually("its task has failed") {
                try await Schedules.tasks(fixture.manager).map(\.status) == [.failed]
            }
            try await fixture.manager.pauseSchedule("tick")
            try await fixture.manager.resumeSchedule("tick")
            try await fixture.pass(until: expected[1])
            #expect(try await Schedules.ticks(fixture.manager) == expected)
        }
    }

    @Test("What it does is told in the event log and counted") func events() async throws {
        let fixture = try manager()
        let start = fixture.clock.now()
        try await fixture.manager.setSchedule(Schedules.every(3600, "hourly") { $0.overlap = .allow })
        let all = Schedules.times(after: start, every: 3600, 4)
        fixture.clock.advance(by: all[2] + .seconds(600) - start)
        try await fixture.running { _ in
            try await fixture.settle()
            try await fixture.pass(until: all[3], every: .seconds(600))
            let page = try await fixture.store.events(after: .start, limit: 100, waiting: .zero)
            let changes = page.events.compactMap { event -> ScheduleChange? in
                guard case .schedule(let change) = event.change else { return nil }
                return change
            }
            #expect(
                changes == [
                    ScheduleChange(schedule: "hourly", outcome: .missed, tick: all[0], count: 2),
                    ScheduleChange(schedule: "hourly", outcome: .late, tick: all[2]),
                    ScheduleChange(schedule: "hourly", outcome: .fired, tick: all[3]),
                ])
        }
    }
}
