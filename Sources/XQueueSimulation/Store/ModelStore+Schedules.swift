package import XQueueCore

extension ModelStore {
    package func save(
        _ schedule: ScheduleRecord, firing tasks: [NewTask], events: [ScheduleEvent]
    ) async throws(StoreError) -> ScheduleOutcome {
        try change { (state, now) throws(StoreError) in
            let stored = state.schedules[schedule.name]
            guard stored?.version ?? 0 == schedule.version else { return .conflict(stored) }
            let outcomes = tasks.isEmpty ? [] : try state.insert(tasks, at: now)
            var saved = schedule
            saved.version += 1
            state.schedules[schedule.name] = saved
            for event in events { state.write(event, at: now) }
            if let due = schedule.dueAt { state.announce(.due(in: max(due - now, .zero))) }
            return .saved(version: saved.version, outcomes)
        }
    }

    package func removeSchedule(_ name: String, version: Int?) async throws(StoreError) -> ScheduleOutcome {
        try change { (state, _) throws(StoreError) in
            guard let stored = state.schedules[name], version == nil || version == stored.version else {
                return .conflict(state.schedules[name])
            }
            state.schedules[name] = nil
            return .removed
        }
    }

    package func schedule(_ name: String) async throws(StoreError) -> ScheduleRecord? {
        try change { (state, _) throws(StoreError) in state.schedules[name] }
    }

    package func schedules(
        after name: String?, limit: Int
    ) async throws(StoreError) -> [ScheduleRecord] {
        try change { (state, _) throws(StoreError) in
            let sorted = state.schedules.values.sorted {
                $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
            }
            let rest = sorted.filter { (name ?? "").utf8.lexicographicallyPrecedes($0.name.utf8) }
            return Array(rest.prefix(limit))
        }
    }

    package func dueSchedules(limit: Int) async throws(StoreError) -> DueSchedules {
        try change { (state, now) throws(StoreError) in
            let due = state.schedules.values.filter { $0.dueAt.map { $0 <= now } ?? false }
                .sorted { ($0.dueAt ?? now, $0.name) < ($1.dueAt ?? now, $1.name) }
            return DueSchedules(
                schedules: Array(due.prefix(limit)), now: now,
                nextDueIn: state.nextSchedule.map { max($0 - now, .zero) })
        }
    }
}
