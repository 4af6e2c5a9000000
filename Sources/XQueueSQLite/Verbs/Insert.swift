import GRDB
import XQueueCore

extension WriteSession {
    /// Larger payloads are kept in a separate table, so that changes of the task do not rewrite them.
    private static let inlinePayloadBytes = 2048

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
        var existingBytes = 0
        return try tasks.map { task in
            let outcome = try insert(task)
            guard case .existing(let record) = outcome else { return outcome }
            guard existingBytes <= ModelLimits.answerBytes else { return .existing(record.abridged) }
            existingBytes += record.contentBytes
            return outcome
        }
    }

    /// How many of the tasks would be new rows.
    private func countNew(_ tasks: [NewTask]) throws -> Int {
        var ids: Set<TaskID> = []
        var uniqueKeys: Set<[String]> = []
        return try tasks.reduce(0) { count, task in
            guard try !ids.contains(task.id) && load(task.id) == nil else { return count }
            if let key = task.uniqueKey {
                guard try holder(of: key, type: task.type) == nil,
                    uniqueKeys.insert([task.type, key]).inserted
                else { return count }
            }
            ids.insert(task.id)
            return count + 1
        }
    }

    private func insert(_ task: NewTask) throws -> InsertOutcome {
        // A submission that is repeated is answered with its own task, even if another one has its unique key by now.
        if let key = task.uniqueKey,
            let existing = try load(task.id) ?? holder(of: key, type: task.type)
        {
            return .existing(existing.record)
        }
        let typeID = try catalog.make(task.type, db, limit: limits.maxTypes)
        let record = TaskStateMachine.submit(task, at: now)
        guard try write(record, typeID, givenRunAt: task.givenRunAt) else {
            guard let existing = try load(task.id) else {
                throw StoreError(.corrupt, "task \(task.id) vanished")
            }
            return .existing(existing.record)
        }
        catalog.move(typeID, from: nil, to: .pending)
        if let change = TaskEvent.change(from: nil, to: record) { events.add(change, of: record, at: now) }
        effects.inserted(record)
        return .inserted(record)
    }

    /// The unfinished task of the type with the unique key.
    func holder(of uniqueKey: String, type: String) throws -> StoredTask? {
        guard let typeID = catalog.id(of: type) else { return nil }
        let statement = try statement(
            .loadByUniqueKey,
            "SELECT \(TaskColumns.names) FROM tasks WHERE unique_key = ? AND type = ? AND status <= 1")
        statement.bind(1, uniqueKey)
        statement.bind(2, typeID)
        return try readAll(statement).first
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
        statement.bind(11, record.state.pendingReason == .scheduled ? givenRunAt : nil)
        statement.bind(12, isLarge ? nil : record.definition.payload.text)
        var binder = ColumnBinder(statement: statement, index: 13)
        var definition = record.definition
        try DefinitionColumns.walk(&binder, &definition)
        try statement.run(db)
        guard db.changesCount > 0 else { return false }
        if isLarge { try writeLargePayload(record.payload) }
        return true
    }

    private func writeLargePayload(_ payload: RawJSON) throws {
        let statement = try statement(
            .insertPayload, "INSERT INTO large_payloads (task, payload) VALUES (?, ?)")
        statement.bind(1, db.lastInsertedRowID)
        statement.bind(2, payload.text)
        try statement.run(db)
    }
}

extension NewTask {
    /// The `run_at` it was submitted with, if any.
    fileprivate var givenRunAt: Timestamp? {
        if case .at(let time) = schedule { time } else { nil }
    }
}
