import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let scheduleCases: [ConformanceCase] = [
        ConformanceCase("schedules: a saved one is found as it is, with the next version") { fixture in
            let store = fixture.store
            var record = fixture.schedule("nightly é/1", dueAt: fixture.now + .seconds(5))
            let missing = try await store.schedule(record.name)
            #expect(missing == nil)
            #expect(try await store.save(record) == .saved(version: 1, []))
            record.version = 1
            #expect(try await store.schedule(record.name) == record)
            record.dueAt = nil
            record.definition = RawJSON(trusted: #"{"n":"é 1 {}","large":12345678901234567890}"#)
            record.state = RawJSON(trusted: "{}")
            #expect(try await store.save(record) == .saved(version: 2, []))
            record.version = 2
            #expect(try await store.schedule(record.name) == record)
        },
        ConformanceCase("schedules: another version changes nothing, and is returned") { fixture in
            let store = fixture.store
            var record = fixture.schedule("a", dueAt: fixture.now)
            record.version = 1
            #expect(try await store.save(record, firing: [fixture.task()], events: []) == .conflict(nil))
            record.version = 0
            _ = try await store.save(record)
            var stored = record
            stored.version = 1
            record.dueAt = nil
            for version in [0, 2] {
                record.version = version
                #expect(
                    try await store.save(record, firing: [fixture.task()], events: []) == .conflict(stored))
            }
            #expect(try await store.schedule("a") == stored)
            #expect(try await store.statistics().types.isEmpty)
        },
        ConformanceCase("schedules: fires its tasks in the same step, and each identifier once") { fixture in
            let store = fixture.store
            let (first, second) = (fixture.task(), fixture.task(schedule: .after(.seconds(30))))
            var record = fixture.schedule("a", dueAt: fixture.now)
            guard
                case .saved(version: 1, let outcomes) = try await store.save(
                    record, firing: [first, second], events: [])
            else {
                Issue.record("it was not saved")
                return
            }
            #expect(outcomes.map(\.record.id) == [first.id, second.id])
            #expect(outcomes.map(\.isInserted) == [true, true])
            #expect(try await fixture.claim(count: 9).ids == [first.id])
            record.version = 1
            guard
                case .saved(version: 2, let repeated) = try await store.save(
                    record, firing: [first, fixture.task()], events: [])
            else {
                Issue.record("it was not saved")
                return
            }
            #expect(repeated.map(\.isInserted) == [false, true], "a known identifier is left as it is")
            #expect(repeated.first?.record.status == .processing)
        },
        ConformanceCase("schedules: what they do is logged in the same step, and only then") { fixture in
            let store = fixture.store
            var record = fixture.schedule("nightly é/1", dueAt: nil)
            var tick = fixture.task()
            tick.definition.scheduled = ScheduledTick(schedule: record.name, tick: fixture.now)
            let events = ScheduleChange.Outcome.allCases.map { outcome in
                ScheduleEvent(
                    taskID: tick.id, type: "a",
                    change: ScheduleChange(
                        schedule: record.name, outcome: outcome, tick: fixture.now + .seconds(1), count: 1000)
                )
            }
            let start = try await store.lastEvent()
            _ = try await store.save(record, firing: [tick], events: events)
            // Another version: nothing is logged.
            _ = try await store.save(record, firing: [], events: events)
            record.version = 1
            _ = try await store.save(record, firing: [], events: [])
            let page = try await store.events(after: start, limit: 99, waiting: .zero)
            let logged = page.events.compactMap { event -> ScheduleEvent? in
                guard case .schedule(let change) = event.change else { return nil }
                return ScheduleEvent(taskID: event.taskID, type: event.type, change: change)
            }
            #expect(logged == events)
            #expect(page.events.count == events.count + 1, "the submission, too")
            #expect(page.events.allSatisfy { $0.timestamp == fixture.now })
            #expect(try await store.task(tick.id)?.definition == tick.definition)
        },
        ConformanceCase(
            "schedules: a rejected task leaves the schedule as it is", limits: StoreLimits(maxBacklog: 1)
        ) {
            fixture in
            let store = fixture.store
            var record = fixture.schedule("a", dueAt: fixture.now)
            _ = try await store.save(record)
            try await fixture.submit(fixture.task())
            record.version = 1
            let stored = record
            record.dueAt = fixture.now + .seconds(60)
            let error = await #expect(throws: StoreError.self) {
                try await store.save(record, firing: [fixture.task()], events: [])
            }
            #expect(error?.code == .backlogFull)
            #expect(try await store.schedule("a") == stored)
            #expect(try await store.save(record) == .saved(version: 2, []), "no limit applies without tasks")
        },
        ConformanceCase("schedules: of those that save the same version, one wins") { fixture in
            let store = fixture.store
            let record = fixture.schedule("a", dueAt: fixture.now)
            let tasks = (0..<20).map { _ in fixture.task() }
            let saved = try await withThrowingTaskGroup(of: Bool.self) { group in
                for task in tasks {
                    group.addTask {
                        let outcome = try await store.save(record, firing: [task], events: [])
                        return outcome.isSaved
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(saved == 1)
            #expect(try await fixture.claim(count: 99).count == 1)
        },
        ConformanceCase("schedules: removing one leaves its tasks") { fixture in
            let store = fixture.store
            var record = fixture.schedule("a", dueAt: fixture.now)
            #expect(try await store.removeSchedule("a", version: nil) == .conflict(nil))
            _ = try await store.save(record, firing: [fixture.task()], events: [])
            record.version = 1
            #expect(try await store.removeSchedule("a", version: 2) == .conflict(record))
            #expect(try await store.removeSchedule("a", version: 1) == .removed)
            #expect(try await store.schedule("a") == nil)
            #expect(try await store.schedules(after: nil, limit: 9).isEmpty)
            #expect(try await store.dueSchedules(limit: 9).schedules.isEmpty)
            #expect(try await fixture.claim().count == 1)
            record.version = 0
            #expect(try await store.save(record) == .saved(version: 1, []), "it begins anew")
        },
        ConformanceCase("schedules: are listed by name, page by page") { fixture in
            let names = ["a", "a/b", "aa", "b", "ä", "漢"]
            for name in names.reversed() {
                _ = try await fixture.store.save(fixture.schedule(name, dueAt: nil))
            }
            var found: [String] = []
            while true {
                let page = try await fixture.store.schedules(after: found.last, limit: 2)
                guard !page.isEmpty else { break }
                found += page.map(\.name)
            }
            #expect(found == names)
        },
        ConformanceCase("schedules: those that are due are found, the longest due first") { fixture in
            let store = fixture.store
            #expect(
                try await store.dueSchedules(limit: 9)
                    == DueSchedules(schedules: [], now: fixture.now, nextDueIn: nil))
            for (name, wait) in [("late", 5), ("soon", 2), ("later", 60)] {
                _ = try await store.save(fixture.schedule(name, dueAt: fixture.now + .seconds(wait)))
            }
            _ = try await store.save(fixture.schedule("never", dueAt: nil))
            let none = try await store.dueSchedules(limit: 9)
            #expect(none.schedules.isEmpty && none.nextDueIn == .seconds(2))
            #expect(try await store.sweep(limit: 9, draw: 0.5).nextScheduleIn == .seconds(2))
            fixture.clock.advance(by: .seconds(5))
            let due = try await store.dueSchedules(limit: 9)
            #expect(due.schedules.map(\.name) == ["soon", "late"])
            #expect(due.now == fixture.now && due.nextDueIn == .zero)
            #expect(try await store.dueSchedules(limit: 1).schedules.map(\.name) == ["soon"])
            let sweep = try await store.sweep(limit: 9, draw: 0.5)
            #expect(sweep.nextScheduleIn == .zero && sweep.changed == 0, "a sweep fires none")
        },
        ConformanceCase("schedules: one that is saved announces when it is due") { fixture in
            let signals = fixture.store.signals()
            _ = try await fixture.store.save(fixture.schedule("a", dueAt: fixture.now + .seconds(30)))
            #expect(await signals.receives { $0 == .due(in: .seconds(30)) })
        },
    ]
}

extension StoreFixture {
    /// A schedule that is not stored yet.
    fileprivate func schedule(_ name: String, dueAt: Timestamp?) -> ScheduleRecord {
        ScheduleRecord(
            name: name, dueAt: dueAt, definition: RawJSON(trusted: #"{"cron":"* * * * *"}"#),
            state: RawJSON(trusted: #"{"fired":7}"#))
    }
}

extension InsertOutcome {
    fileprivate var isInserted: Bool {
        if case .inserted = self { true } else { false }
    }
}

extension ScheduleOutcome {
    fileprivate var isSaved: Bool {
        if case .saved = self { true } else { false }
    }
}
