import GRDB
import XQueueCore

extension WriteSession {
    /// Larger payloads are kept in a separate table, so that changes of the task do not rewrite them.
    static let inlinePayloadBytes = 2048

    func insert(_ tasks: [NewTask]) throws -> [InsertOutcome] {
        // Errors must be thrown before anything changes.
        if catalog.pending + tasks.count > limits.maxBacklog,
            try catalog.pending + countNew(tasks) > limits.maxBacklog
        {
            throw StoreError(
                .backlogFull, "\(catalog.pending) tasks are waiting; the limit is \(limits.maxBacklog)")
        }
        var newTypes: Set<String> = []
        for task in tasks where catalog.id(of: task.type) == nil { newTypes.insert(task.type) }
        guard catalog.count + newTypes.count <= limits.maxTypes else {
            throw StoreError(
                .tooManyTypes, "there are \(catalog.count) task types; the limit is \(limits.maxTypes)")
        }
        var bytes = 0
        return try tasks.map { task in
            let outcome = try insert(task)
            if case .inserted = outcome { return outcome }
            guard bytes <= ModelLimits.answerBytes else { return outcome.abridged }
            bytes += outcome.record.contentBytes
            return outcome
        }
    }

    /// How many of the tasks would be new rows.
    private func countNew(_ tasks: [NewTask]) throws -> Int {
        var ids: Set<TaskID> = []
        var keys: Set<[String]> = []
        return try tasks.reduce(0) { count, task in
            guard try !ids.contains(task.id) && load(task.id) == nil else { return count }
            if let rule = task.unique {
                if let scope = scope(of: task), let entry = try uniqueEntry(scope),
                    try !mayFollow(task, entry)
                {
                    return count
                }
                guard keys.insert([rule.isAcrossTypes ? "" : task.type, rule.key]).inserted else {
                    return count
                }
            }
            ids.insert(task.id)
            return count + 1
        }
    }

    /// Whether the task would wait for the end of the one that holds its key.
    private func mayFollow(_ task: NewTask, _ entry: UniqueEntry) throws -> Bool {
        guard task.onConflict == .rerun, entry.next == nil, let holder = try load(seq: entry.holder)
        else { return false }
        return task.onConflict.resolution(holder: holder.record, next: nil, type: task.type) == .follow
    }

    /// Nil if no task can hold the key, since there is none of the type.
    private func scope(of task: NewTask) -> UniqueScope? {
        let type = task.unique?.isAcrossTypes == true ? 0 : catalog.id(of: task.type)
        return type.flatMap { UniqueScope(task.unique, type: $0) }
    }

    private func insert(_ task: NewTask) throws -> InsertOutcome {
        guard task.unique != nil else { return try insertNew(task) }
        // A submission that is repeated is answered with its own task, even if another one has its unique key by now.
        if let existing = try load(task.id) { return .existing(existing.record) }
        guard let scope = scope(of: task), let entry = try uniqueEntry(scope),
            let holder = try load(seq: entry.holder)
        else { return try insertNew(task) }
        let next = try entry.next.flatMap { try load(seq: $0) }
        switch task.onConflict.resolution(holder: holder.record, next: next?.record, type: task.type) {
        case .existing(let record): return .existing(record)
        case .conflict(let record): return .conflict(record)
        case .follow: return try insertNew(task, isBlocked: true)
        case .rewrite(let record):
            let target = next.flatMap { $0.record.id == record.id ? $0 : nil } ?? holder
            let rewritten = try step(target, .rewrite(task.rewrite(of: record, at: now)))
            return .replaced(try rewritten.get())
        }
    }

    private func insertNew(_ task: NewTask, isBlocked: Bool = false) throws -> InsertOutcome {
        let typeID = try catalog.make(task.type, db, limit: limits.maxTypes)
        let record = TaskStateMachine.submit(task, at: now, isBlocked: isBlocked)
        guard try write(record, typeID, givenRunAt: task.schedule.isGiven ? record.runAt : nil) else {
            guard let existing = try load(task.id) else {
                throw StoreError(.corrupt, "task \(task.id) vanished")
            }
            return .existing(existing.record)
        }
        if task.unique != nil {
            let stored = StoredTask(seq: db.lastInsertedRowID, typeID: typeID, record: record)
            if isBlocked { try follow(stored) } else { try takeKey(stored) }
        }
        catalog.move(typeID, from: nil, to: .pending)
        if let change = TaskEvent.change(from: nil, to: record) { events.add(change, of: record, at: now) }
        effects.inserted(record)
        return .inserted(record)
    }

    private static let insertion: String = {
        let steps = """
            id, type, status, reason, due_at, version, retry_count, created_at, updated_at, run_at, given_run_at, \
            payload
            """
        let columns = ([steps] + DefinitionColumns.names).joined(separator: ", ")
        let places = Array(repeating: "?", count: 12 + DefinitionColumns.names.count).joined(separator: ", ")
        return "INSERT INTO tasks (\(columns)) VALUES (\(places)) ON CONFLICT (id) DO NOTHING"
    }()

    /// Inserts a row with the task's initial columns; returns false if there is a task with the same
    /// identifier.
    func write(_ record: TaskRecord, _ typeID: Int64, givenRunAt: Timestamp?) throws -> Bool {
        let statement = try statement(.insert, Self.insertion)
        let isLarge = record.definition.payload.text.utf8.count > Self.inlinePayloadBytes
        statement.bind(1, record.id)
        statement.bind(2, typeID)
        statement.bind(3, record.state.status.code)
        statement.bind(4, record.state.pendingReason.map { Int64($0.code) })
        statement.bind(5, record.dueAt)
        statement.bind(6, record.state.version)
        statement.bind(7, record.state.retryCount)
        statement.bind(8, record.state.createdAt)
        statement.bind(9, record.state.updatedAt)
        statement.bind(10, record.state.runAt)
        statement.bind(11, record.state.pendingReason == .ready ? nil : givenRunAt)
        statement.bind(12, isLarge ? nil : record.definition.payload.text)
        var binder = ColumnBinder(statement: statement, index: 13)
        var definition = record.definition
        try DefinitionColumns.walk(&binder, &definition)
        try statement.run(db)
        guard db.changesCount > 0 else { return false }
        if isLarge { try writeLargePayload(record.payload, of: db.lastInsertedRowID) }
        return true
    }

    func writeLargePayload(_ payload: RawJSON, of seq: Int64) throws {
        let statement = try statement(
            .insertPayload, "INSERT INTO large_payloads (task, payload) VALUES (?, ?)")
        statement.bind(1, seq)
        statement.bind(2, payload.text)
        try statement.run(db)
    }

    func deleteLargePayload(of seq: Int64) throws {
        let statement = try statement(.deletePayload, "DELETE FROM large_payloads WHERE task = ?")
        statement.bind(1, seq)
        try statement.run(db)
    }
}
