import GRDB
import XQueueCore

/// The table of unique keys: which task holds which, as in ``UniqueKeys``.
extension WriteSession {
    /// A row of the table.
    struct UniqueEntry {
        var holder: Int64
        /// The task that is blocked until the holder has ended.
        var next: Int64?
        var expiresAt: Timestamp?
    }

    /// A key of the table.
    struct UniqueScope {
        /// 0 for all types.
        let type: Int64
        let key: String

        init?(_ rule: UniqueRule?, type: Int64) {
            guard let rule else { return nil }
            self.type = rule.isAcrossTypes ? 0 : type
            key = rule.key
        }
    }

    // MARK: - Holding

    /// The entry of a key that a task holds.
    func uniqueEntry(_ scope: UniqueScope) throws -> UniqueEntry? {
        guard let entry = try storedEntry(scope) else { return nil }
        // One with a task behind it lasts until its holder has ended.
        let isLive = entry.next != nil || entry.expiresAt.map { $0 > now } ?? true
        return isLive ? entry : nil
    }

    /// Whether another task than `task` has its key.
    func isKeyTaken(_ task: StoredTask) throws -> Bool {
        guard task.record.claimsUniqueKey(at: now) else { return false }
        return try isKeyHeldByAnother(task)
    }

    /// The same whether or not the task is to hold its key.
    func isKeyHeldByAnother(_ task: StoredTask) throws -> Bool {
        guard let scope = UniqueScope(task.record.definition.unique, type: task.typeID) else { return false }
        return try uniqueEntry(scope).map { $0.holder != task.seq && $0.holder != Self.expected } ?? false
    }

    /// Gives a task its key, which no other has.
    func takeKey(_ task: StoredTask) throws {
        guard task.record.claimsUniqueKey(at: now),
            let scope = UniqueScope(task.record.definition.unique, type: task.typeID)
        else { return }
        try hold(scope, task)
    }

    private func hold(_ scope: UniqueScope, _ task: StoredTask) throws {
        var entry = UniqueEntry(holder: task.seq, expiresAt: task.record.uniqueKeyExpiry)
        if let stored = try storedEntry(scope), [task.seq, Self.expected].contains(stored.holder) {
            entry.next = stored.next
        }
        try save(entry, scope)
    }

    /// Puts a blocked task behind the holder of its key.
    func follow(_ task: StoredTask) throws {
        guard let scope = UniqueScope(task.record.definition.unique, type: task.typeID),
            var entry = try storedEntry(scope)
        else { return }
        entry.next = task.seq
        try save(entry, scope)
    }

    /// Takes over what a task of another store has to do with its key. The holder and the task behind it come in any order.
    func adoptKey(_ task: StoredTask) throws {
        guard let scope = UniqueScope(task.record.definition.unique, type: task.typeID) else { return }
        guard task.record.pendingReason == .blocked else {
            // Also if its window is over: a task may wait for its end.
            guard task.record.status.isFinal else { return try hold(scope, task) }
            if try uniqueEntry(scope) == nil { try takeKey(task) }
            return
        }
        var entry = try storedEntry(scope) ?? UniqueEntry(holder: Self.expected)
        entry.next = task.seq
        try save(entry, scope)
    }

    /// Stands for a holder that a transfer has yet to bring.
    private static let expected: Int64 = -1

    /// Follows a task's step to another status.
    func moveKey(_ task: StoredTask) throws {
        let record = task.record
        guard let rule = record.definition.unique, let scope = UniqueScope(rule, type: task.typeID),
            record.status != .processing || rule.until == .started, var entry = try storedEntry(scope)
        else { return }
        if entry.next == task.seq, record.status.isFinal {
            entry.next = nil
            try save(entry, scope)
        }
        guard entry.holder == task.seq else { return }
        if rule.isFreed(by: record, at: now) || (record.status.isFinal && entry.next != nil) {
            try leaveKey(scope, task.seq)
        } else if record.status.isFinal {
            entry.expiresAt = record.uniqueKeyExpiry
            try save(entry, scope)
        }
    }

    /// Follows the rewriting of a task, which may have another key now.
    func rewriteKey(_ task: StoredTask, from old: TaskDefinition) throws {
        let oldScope = UniqueScope(old.unique, type: task.typeID)
        guard task.record.definition.uniqueScope != old.uniqueScope else {
            guard let oldScope else { return }
            if let entry = try uniqueEntry(oldScope), entry.holder != task.seq { return }
            if task.record.claimsUniqueKey(at: now) { return try takeKey(task) }
            return try leaveKey(oldScope, task.seq)
        }
        if let oldScope { try leaveKey(oldScope, task.seq) }
        try takeKey(task)
        // It no longer waits for the holder of its old key.
        if task.record.pendingReason == .blocked { try step(task, .unblock) }
    }

    /// A task gives up its key; the one behind it takes over.
    private func leaveKey(_ scope: UniqueScope, _ seq: Int64) throws {
        guard var entry = try storedEntry(scope) else { return }
        if entry.next == seq {
            entry.next = nil
            try save(entry, scope)
        }
        guard entry.holder == seq else { return }
        guard let next = entry.next else { return try remove(scope) }
        try save(UniqueEntry(holder: next), scope)
        if let task = try load(seq: next) { try step(task, .unblock) }
    }

    // MARK: - Rows

    private func storedEntry(_ scope: UniqueScope) throws -> UniqueEntry? {
        let statement = try statement(
            .loadKey, "SELECT holder, next, expires_at FROM unique_keys WHERE type = ? AND key = ?")
        statement.bind(1, scope.type)
        statement.bind(2, scope.key)
        defer { statement.reset() }
        guard try statement.step(db) else { return nil }
        return UniqueEntry(
            holder: statement.integer(0), next: statement.optionalInteger(1), expiresAt: statement.time(2))
    }

    private func save(_ entry: UniqueEntry, _ scope: UniqueScope) throws {
        let statement = try statement(
            .saveKey,
            "INSERT OR REPLACE INTO unique_keys (type, key, holder, next, expires_at) VALUES (?, ?, ?, ?, ?)")
        statement.bind(1, scope.type)
        statement.bind(2, scope.key)
        statement.bind(3, entry.holder)
        statement.bind(4, entry.next)
        statement.bind(5, entry.expiresAt)
        try statement.run(db)
    }

    private func remove(_ scope: UniqueScope) throws {
        let statement = try statement(.removeKey, "DELETE FROM unique_keys WHERE type = ? AND key = ?")
        statement.bind(1, scope.type)
        statement.bind(2, scope.key)
        try statement.run(db)
    }

    /// A task that has ended is gone; it may have held a key as long as its window.
    func forgetKey(of seq: Int64) throws {
        let statement = try statement(
            .forgetKey, "DELETE FROM unique_keys WHERE holder = ? AND expires_at IS NOT NULL")
        statement.bind(1, seq)
        try statement.run(db)
    }
}
