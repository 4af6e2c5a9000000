import XQueueCore

extension WriteSession {
    func cancel(_ ids: [TaskID], grace: Duration) throws -> [ChangeOutcome] {
        try ids.map { try change($0, .cancel(grace: grace)) }
    }

    func requeue(_ ids: [TaskID]) throws -> [ChangeOutcome] {
        try ids.map { try change($0, .requeue) }
    }

    func rewrite(_ rewrite: TaskRewrite) throws -> ChangeOutcome {
        try change(rewrite.id, .rewrite(rewrite))
    }

    /// Takes a step after which the task may hold another key than before, unless another task has it.
    private func change(_ id: TaskID, _ transition: TaskTransition) throws -> ChangeOutcome {
        guard let task = try load(id) else { return .rejected(.notFound, nil) }
        var machine = TaskStateMachine(task.record)
        if (try? machine.apply(transition, at: now)) != nil, try mayNotMove(task, to: machine.record) {
            return .rejected(.uniqueKeyTaken, task.record)
        }
        switch try step(task, transition) {
        // One that left the key it was blocked by is free now.
        case .success(let record) where record.pendingReason == .blocked:
            return .changed(try load(id)?.record ?? record)
        case .success(let record): return .changed(record)
        case .failure(let rejection): return .rejected(rejection, task.record)
        }
    }

    /// Whether the task would take a key that another one has.
    private func mayNotMove(_ task: StoredTask, to new: TaskRecord) throws -> Bool {
        guard new.definition.unique != nil, new.takesUniqueKey(after: task.record) else { return false }
        return try isKeyTaken(StoredTask(seq: task.seq, typeID: task.typeID, record: new))
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
