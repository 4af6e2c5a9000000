import XQueueCore

extension ModelRun {
    mutating func query() async throws {
        let query = scenario.query(of: model)
        begin("list \(query)")
        try demand(try await store.tasks(query), equals: model.page(query))
        guard let id = scenario.taskID(of: model) else { return }
        begin("look up \(id)")
        try demand(try await store.task(id), equals: model.records[id])
    }

    mutating func statistics() async throws {
        begin("statistics")
        let statistics = try await store.statistics()
        try demand(Set(statistics.types.filter(\.isRemarkable)), equals: expectedTypes)
        try demand(Set(try await store.types().filter(\.isRemarkable)), equals: expectedTypes)
        try demand(Set(statistics.keys), equals: expectedKeys)
        try demand(statistics.keysInUse, equals: expectedKeys.count)
        // A clock that was set makes no difference to who came first, nor a task younger than now.
        let oldest = model.records.values.filter { $0.isReady || $0.isParked }.min { $0.id < $1.id }
        try demand(statistics.oldestPendingAge, equals: oldest.map { max(now - $0.createdAt, .zero) })
    }

    private var expectedTypes: Set<TypeState> {
        let states = ModelScenario.types.map { type in
            var state = TypeState(
                type: type, limit: model.limits[type], isPaused: model.paused.contains(type))
            for record in model.records.values where record.type == type {
                state.counts[record.status] += 1
            }
            return state
        }
        return Set(states.filter(\.isRemarkable))
    }

    private var expectedKeys: Set<KeyState> {
        var states: [String: KeyState] = [:]
        for record in model.records.values where record.status == .processing {
            guard let concurrency = record.concurrency else { continue }
            var state =
                states[concurrency.key] ?? KeyState(key: concurrency.key, held: 0, limit: 0, waiting: 0)
            state.held += 1
            state.limit = max(state.limit, concurrency.limit)
            states[concurrency.key] = state
        }
        for record in model.records.values where record.isParked {
            guard let key = record.concurrency?.key else { continue }
            states[key]?.waiting += 1
        }
        return Set(states.values)
    }
}

extension TypeState {
    /// Whether a store must list the type: one without tasks or settings it may forget.
    fileprivate var isRemarkable: Bool {
        limit != nil || isPaused || counts.total > 0
    }
}
