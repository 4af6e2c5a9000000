import GRDB
import XQueueCore

/// Adding tasks from another store, unchanged.
extension WriteSession {
    func adopt(_ copies: [TaskCopy], note: String) throws -> [Adoption] {
        try saveTransferNote(note)
        return try copies.map { try adopt($0) }
    }

    private func adopt(_ copy: TaskCopy) throws -> Adoption {
        let record = copy.record
        if let known = try load(record.id) { return known.record == record ? .known : .differs }
        // Ignores the limit, so that a transfer does not fail halfway.
        let typeID = try catalog.make(record.type, db, limit: .max)
        let holds = copy.holdsUniqueKey ?? record.claimsUniqueKey(at: now)
        if holds, !record.status.isFinal, record.pendingReason != .blocked,
            try isKeyHeldByAnother(StoredTask(seq: 0, typeID: typeID, record: record))
        {
            return .uniqueKeyTaken
        }
        _ = try write(record, typeID, givenRunAt: copy.givenRunAt)
        let task = StoredTask(seq: db.lastInsertedRowID, typeID: typeID, record: record)
        if !record.isUnmoved {
            try saveState(task)
            try saveWorker(task)
        }
        if holds || record.pendingReason == .blocked { try adoptKey(task) }
        if let end = record.completedAt, record.id.timestamp > end { try noteOddEnd(task.seq, at: end) }
        catalog.move(typeID, from: nil, to: record.status)
        effects.adopted(record)
        return .adopted
    }

    /// The one column that only a claim writes and that outlives the claim.
    private func saveWorker(_ task: StoredTask) throws {
        let statement = try PreparedStatement(cachedBy: db, "UPDATE tasks SET worker = ? WHERE seq = ?")
        statement.bind(1, task.record.workerID)
        statement.bind(2, task.seq)
        try statement.run(db)
    }

    /// Makes parked tasks of up to `limit` keys ready if their keys have free tokens; returns the last of the
    /// keys, or nil if there were none after `key`.
    func refillParked(after key: String, limit: Int) throws -> String? {
        let keys = try String.fetchAll(
            db,
            sql: """
                SELECT DISTINCT key FROM tasks INDEXED BY tasks_parked
                WHERE status = 0 AND reason = 2 AND key > ? ORDER BY key LIMIT ?
                """, arguments: [key, limit])
        for key in keys { touch(key) }
        return keys.last
    }

    /// The table exists only in queues that were the target of a transfer.
    func saveTransferNote(_ note: String) throws {
        try db.execute(sql: "CREATE TABLE IF NOT EXISTS transfers (note TEXT NOT NULL) STRICT")
        try db.execute(sql: "DELETE FROM transfers")
        try db.execute(sql: "INSERT INTO transfers (note) VALUES (?)", arguments: [note])
    }

    func transferNote() throws -> String? {
        let name = try String.fetchOne(db, sql: "SELECT name FROM sqlite_master WHERE name = 'transfers'")
        return name == nil ? nil : try String.fetchOne(db, sql: "SELECT note FROM transfers")
    }
}
