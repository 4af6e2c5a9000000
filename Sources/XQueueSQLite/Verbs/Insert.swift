import GRDB
import XQueueCore

extension WriteSession {
    /// Payloads beyond so many bytes are kept beside their task, so that a change of the task does not
    /// write them again.
    private static let inlinePayloadBytes = 2048

    func insert(_ tasks: [NewTask]) throws -> [InsertOutcome] {
        // Every refusal must come before anything is changed.
        if catalog.pending + tasks.count > options.maxBacklog,
            try catalog.pending + countNew(tasks) > options.maxBacklog
        {
            throw StoreError(
                .backlogFull, "\(catalog.pending) tasks are waiting; the limit is \(options.maxBacklog)")
        }
        var newTypes: Set<String> = []
        for task in tasks where catalog.id(of: task.type) == nil { newTypes.insert(task.type) }
        guard catalog.count + newTypes.count <= options.maxTypes else {
            throw StoreError(
                .tooManyTypes, "there are \(catalog.count) task types; the limit is \(options.maxTypes)")
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
            if let key = task.uniqueKey {
                guard try holder(of: key, type: task.type) == nil,
                    uniqueKeys.insert([task.type, key]).inserted
                else { return count }
            }
            return try load(task.id) == nil && ids.insert(task.id).inserted ? count + 1 : count
        }
    }

    private func insert(_ task: NewTask) throws -> InsertOutcome {
        if let key = task.uniqueKey, let existing = try holder(of: key, type: task.type) {
            return .existing(existing.record)
        }
        let typeID = try catalog.make(task.type, db, limit: options.maxTypes)
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

    /// Writes a new row; answers false if there is a task with the same identifier.
    private func write(_ record: TaskRecord, _ typeID: Int64, givenRunAt: Timestamp?) throws -> Bool {
        let statement = try statement(
            .insert,
            """
            INSERT INTO tasks (id, type, status, reason, priority, due_at, version, retry_count,
                max_retry, created_at, updated_at, run_at, queue_timeout, process_timeout, key,
                key_limit, unique_key, retry_policy, payload, trace, given_run_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO NOTHING
            """)
        let isLarge = record.payload.text.utf8.count > Self.inlinePayloadBytes
        statement.bind(1, record.id)
        statement.bind(2, typeID)
        statement.bind(3, record.status.code)
        statement.bind(4, record.pendingReason.map { Int64($0.code) })
        statement.bind(5, Int(record.priority))
        statement.bind(6, record.dueAt)
        statement.bind(7, record.version)
        statement.bind(8, record.retryCount)
        statement.bind(9, record.maxRetry)
        statement.bind(10, record.createdAt)
        statement.bind(11, record.updatedAt)
        statement.bind(12, record.runAt)
        statement.bind(13, record.queueTimeout)
        statement.bind(14, record.processTimeout)
        statement.bind(15, record.concurrency?.key)
        statement.bind(16, record.concurrency.map { Int64($0.limit) })
        statement.bind(17, record.uniqueKey)
        statement.bind(18, record.retryPolicy.stored)
        statement.bind(19, isLarge ? nil : record.payload.text)
        statement.bind(20, record.trace?.text)
        statement.bind(21, record.pendingReason == .scheduled ? givenRunAt : nil)
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
    /// The time of day it is to run at, if that is how it was asked for.
    fileprivate var givenRunAt: Timestamp? {
        if case .at(let time) = schedule { time } else { nil }
    }
}
