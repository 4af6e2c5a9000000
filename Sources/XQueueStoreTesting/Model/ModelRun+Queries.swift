import XQueueCore

extension ModelRun {
    mutating func query() async throws {
        let query = scenario.query(of: model)
        begin("list \(query)")
        try require(try await store.tasks(query), equals: model.page(query))
        guard let id = scenario.taskID(of: model) else { return }
        begin("look up \(id)")
        try require(try await store.task(id), equals: model.records[id])
    }

    mutating func statistics() async throws {
        begin("statistics")
        let statistics = try await store.statistics()
        try require(Set(statistics.types.filter(\.mustBeListed)), equals: expectedTypes)
        try require(Set(try await store.types().filter(\.mustBeListed)), equals: expectedTypes)
        try require(Set(statistics.keys), equals: expectedKeys)
        try require(statistics.keysInUse, equals: expectedKeys.count)
        // A set clock does not change which task is oldest; an age cannot be negative.
        let oldest = model.records.values.filter { $0.isReady || $0.isParked }.min { $0.id < $1.id }
        try require(statistics.oldestPendingAge, equals: oldest.map { max(now - $0.createdAt, .zero) })
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
        return Set(states.filter(\.mustBeListed))
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
    /// Whether a store must list the type: it may drop one without tasks and settings.
    fileprivate var mustBeListed: Bool {
        limit != nil || isPaused || counts.total > 0
    }
}
