import XQueueCore
import XQueueTesting

extension ModelRun {
    private static let scheduleNames = ["a", "a/b", "é"]

    mutating func schedule() async throws {
        let name = random.pick(Self.scheduleNames) ?? "a"
        switch random.below(8) {
        case 0: try await removeSchedule(name)
        case 1: try await dueSchedules()
        default: try await saveSchedule(name)
        }
        let stored = try await store.schedules(after: nil, limit: 100)
        try require(stored, equals: model.schedulesByName)
    }

    /// Most often with the version that is stored.
    private func version(of name: String) -> Int {
        let stored = model.schedules[name]?.version ?? 0
        return random.chance(20) ? random.below(4) : stored
    }

    private mutating func saveSchedule(_ name: String) async throws {
        let tasks = (0..<random.below(3)).map { _ -> NewTask in
            var task = scenario.newTask(at: now)
            // Now and then the identifier of a tick that was fired before.
            if random.chance(20), let known = model.records.keys.min() { task.id = known }
            task.definition.scheduled = ScheduledTick(
                schedule: name, tick: now, previousTick: random.chance(50) ? now : nil,
                isLate: random.chance(50))
            return task
        }
        let events = tasks.map { task in
            ScheduleEvent(
                taskID: task.id, type: task.type,
                change: ScheduleChange(
                    schedule: name, outcome: random.pick(ScheduleChange.Outcome.allCases) ?? .fired,
                    tick: now,
                    count: 1 + random.below(3)))
        }
        let record = ScheduleRecord(
            name: name, version: version(of: name),
            dueAt: random.chance(70) ? now + .milliseconds(random.below(8000) - 3000) : nil,
            definition: RawJSON(trusted: #"{"n":\#(random.below(1000))}"#), state: RawJSON(trusted: "{}"))
        begin("save \(record), firing \(tasks)")
        let outcome = try await store.save(record, firing: tasks, events: events)
        try require(outcome, equals: model.save(record, firing: tasks, events: events, at: now))
        try await compare()
    }

    private mutating func removeSchedule(_ name: String) async throws {
        let version = random.chance(50) ? version(of: name) : nil
        begin("remove the schedule \(name), version \(String(describing: version))")
        let outcome = try await store.removeSchedule(name, version: version)
        try require(outcome, equals: model.removeSchedule(name, version: version))
    }

    private mutating func dueSchedules() async throws {
        begin("look for due schedules")
        let due = try await store.dueSchedules(limit: 2)
        try require(
            due.schedules.map(\.dueAt), equals: Array(model.dueSchedules(at: now).map(\.dueAt).prefix(2)))
        let next = model.schedules.values.compactMap(\.dueAt).min()
        try require(due.nextDueIn, equals: next.map { max($0 - now, .zero) })
    }
}

extension StoreModel {
    /// In the order of the bytes of their names.
    var schedulesByName: [ScheduleRecord] {
        schedules.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    mutating func save(
        _ schedule: ScheduleRecord, firing tasks: [NewTask], events: [ScheduleEvent], at now: Timestamp
    ) -> ScheduleOutcome {
        let stored = schedules[schedule.name]
        guard stored?.version ?? 0 == schedule.version else { return .conflict(stored) }
        let outcomes = insert(tasks, at: now)
        var saved = schedule
        saved.version += 1
        schedules[saved.name] = saved
        scheduleEvents += events
        return .saved(version: saved.version, outcomes)
    }

    mutating func removeSchedule(_ name: String, version: Int?) -> ScheduleOutcome {
        guard let stored = schedules[name], version == nil || version == stored.version else {
            return .conflict(schedules[name])
        }
        schedules[name] = nil
        return .removed
    }

    func dueSchedules(at now: Timestamp) -> [ScheduleRecord] {
        schedules.values.filter { $0.dueAt.map { $0 <= now } ?? false }
            .sorted { ($0.dueAt ?? now) < ($1.dueAt ?? now) }
    }
}
