import XQueueCore

extension WriteSession {
    func cancel(_ ids: [TaskID], grace: Duration) throws -> [ChangeOutcome] {
        try ids.map { try change($0, .cancel(grace: grace)) }
    }

    func requeue(_ ids: [TaskID]) throws -> [ChangeOutcome] {
        try ids.map { id in
            guard let task = try load(id) else { return .rejected(.notFound, nil) }
            if task.record.status.isFinal, task.record.status != .success,
                let key = task.record.uniqueKey, try holder(of: key, type: task.record.type) != nil
            {
                return .rejected(.uniqueKeyTaken, task.record)
            }
            return try change(id, .requeue)
        }
    }

    private func change(_ id: TaskID, _ transition: TaskTransition) throws -> ChangeOutcome {
        guard let task = try load(id) else { return .rejected(.notFound, nil) }
        switch try step(task, transition) {
        case .success(let record): return .changed(record)
        case .failure(let rejection): return .rejected(rejection, task.record)
        }
    }

    func setLimit(_ limit: Int?, ofType type: String) throws {
        let id = try catalog.make(type, db, limit: limits.maxTypes)
        try catalog.set(id, limit: limit, db)
        effects.becameReady = true
    }

    func setPaused(_ paused: Bool, type: String) throws {
        let id = try catalog.make(type, db, limit: limits.maxTypes)
        try catalog.set(id, paused: paused, db)
        effects.becameReady = true
    }

    func removeTypes(_ types: [String], evenIfSet: Bool) throws -> [TypeRemoval] {
        try types.map { type in
            guard let id = catalog.id(of: type) else { return .notFound }
            let state = catalog.entry(id).state
            guard state.counts.total == 0 else { return .hasTasks }
            guard evenIfSet || (state.limit == nil && !state.isPaused) else { return .isSet }
            try catalog.remove(id, db)
            return .removed
        }
    }
}
