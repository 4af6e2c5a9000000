/// Which tasks hold which unique keys: the reference for what every store keeps beside its tasks.
package struct UniqueKeys: Sendable {
    /// Among which tasks a key is unique.
    package struct Scope: Sendable, Hashable {
        /// Nil for all types.
        package let type: String?
        /// Compared byte by byte: texts that are canonically equivalent are different keys.
        package let key: [UInt8]
    }

    package struct Entry: Sendable, Hashable {
        /// Nil while a transfer has yet to bring it.
        package var holder: TaskID?
        /// The task that is blocked until the holder has ended.
        package var next: TaskID?
        /// From when the key is free although its holder has not moved, unless a task waits for the holder's end.
        package var expiresAt: Timestamp?

        fileprivate func isLive(at now: Timestamp) -> Bool {
            // Who waits must not be forgotten for one that comes later.
            next != nil || expiresAt.map { $0 > now } ?? true
        }
    }

    private var entries: [Scope: Entry] = [:]

    package init() {}

    /// The entry of the definition's key, if a task holds it.
    package func entry(for definition: TaskDefinition, at now: Timestamp) -> Entry? {
        guard let scope = definition.uniqueScope, let entry = entries[scope] else { return nil }
        return entry.isLive(at: now) ? entry : nil
    }

    /// Whether another task than `record` has its key.
    package func isTaken(_ record: TaskRecord, at now: Timestamp) -> Bool {
        guard record.claimsUniqueKey(at: now) else { return false }
        guard let holder = entry(for: record.definition, at: now)?.holder else { return false }
        return holder != record.id
    }

    /// Gives a task its key, which no other has.
    package mutating func take(_ record: TaskRecord, at now: Timestamp) {
        guard let scope = record.definition.uniqueScope, record.claimsUniqueKey(at: now) else { return }
        hold(scope, record)
    }

    private mutating func hold(_ scope: Scope, _ record: TaskRecord) {
        var entry = entries[scope] ?? Entry()
        if let holder = entry.holder, holder != record.id { entry = Entry() }
        entry.holder = record.id
        entry.expiresAt = record.uniqueKeyExpiry
        entries[scope] = entry
    }

    /// Puts a blocked task behind the holder of its key.
    package mutating func follow(_ record: TaskRecord) {
        guard let scope = record.definition.uniqueScope else { return }
        entries[scope]?.next = record.id
    }

    /// Takes over what a task of another store has to do with its key. The holder and the task behind it come in any order.
    ///
    /// - Returns: Whether no other task has the key.
    package mutating func adopt(_ copy: TaskCopy, at now: Timestamp) -> Bool {
        let record = copy.record
        guard let scope = record.definition.uniqueScope else { return true }
        if record.state.pendingReason == .blocked {
            entries[scope, default: Entry()].next = record.id
            return true
        }
        guard copy.holdsUniqueKey ?? record.claimsUniqueKey(at: now) else { return true }
        let held = entry(for: record.definition, at: now)
        if record.state.status.isFinal {
            if held == nil { take(record, at: now) }
            return true
        }
        if let holder = held?.holder, holder != record.id { return false }
        // Also if its window is over: a task may wait for its end.
        hold(scope, record)
        return true
    }

    /// Whether a task holds its key.
    package func holds(_ record: TaskRecord, at now: Timestamp) -> Bool {
        entry(for: record.definition, at: now)?.holder == record.id
    }

    /// Whether a step would give a task a key that another one has.
    ///
    /// - Parameters:
    ///   - new: The task after the step.
    ///   - old: The task before.
    package func forbids(_ new: TaskRecord, after old: TaskRecord, at now: Timestamp) -> Bool {
        new.takesUniqueKey(after: old) && isTaken(new, at: now)
    }

    /// Follows a task's step.
    ///
    /// - Returns: The task to unblock.
    package mutating func moved(_ record: TaskRecord, at now: Timestamp) -> TaskID? {
        guard let scope = record.definition.uniqueScope, let rule = record.definition.unique,
            let entry = entries[scope]
        else { return nil }
        if entry.next == record.id, record.state.status.isFinal { entries[scope]?.next = nil }
        guard entry.holder == record.id else { return nil }
        if rule.isFreed(by: record, at: now) || (record.state.status.isFinal && entry.next != nil) {
            return leave(scope, record.id)
        }
        if record.state.status.isFinal { entries[scope]?.expiresAt = record.uniqueKeyExpiry }
        return nil
    }

    /// Follows the rewriting of a task, which may have another key now.
    ///
    /// - Returns: The tasks to unblock.
    package mutating func rewritten(
        _ record: TaskRecord, from old: TaskDefinition, at now: Timestamp
    ) -> [TaskID] {
        guard record.definition.uniqueScope != old.uniqueScope else {
            guard let scope = old.uniqueScope else { return [] }
            if let entry = entry(for: old, at: now), entry.holder != record.id { return [] }
            if record.claimsUniqueKey(at: now) {
                take(record, at: now)
                return []
            }
            return leave(scope, record.id).map { [$0] } ?? []
        }
        let freed = old.uniqueScope.flatMap { leave($0, record.id) }
        take(record, at: now)
        // It no longer waits for the holder of its old key.
        let own = record.state.pendingReason == .blocked ? record.id : nil
        return [freed, own].compactMap(\.self)
    }

    /// Forgets keys that have become free by time. Until then they would be held again if the clock went back.
    package mutating func removeExpired(at now: Timestamp) {
        entries = entries.filter { $0.value.isLive(at: now) }
    }

    /// A task is gone.
    package mutating func removed(_ record: TaskRecord) {
        guard let scope = record.definition.uniqueScope else { return }
        _ = leave(scope, record.id)
    }

    /// - Returns: The task that waited, which has the key now.
    private mutating func leave(_ scope: Scope, _ id: TaskID) -> TaskID? {
        guard let entry = entries[scope] else { return nil }
        if entry.next == id { entries[scope]?.next = nil }
        guard entry.holder == id else { return nil }
        entries[scope] = entry.next.map { Entry(holder: $0) }
        return entry.next
    }
}

extension TaskDefinition {
    /// Among which tasks its key is unique; nil without a key.
    package var uniqueScope: UniqueKeys.Scope? {
        unique.map { UniqueKeys.Scope(type: $0.isAcrossTypes ? nil : type, key: Array($0.key.utf8)) }
    }
}

extension TaskRecord {
    /// Whether the task is to hold its unique key in its present state.
    package func claimsUniqueKey(at now: Timestamp) -> Bool {
        guard let rule = definition.unique else { return false }
        if rule.until == .started { return state.status == .pending && state.startedAt == nil }
        if let expiry = uniqueKeyExpiry { return expiry > now }
        return !state.status.isFinal
    }

    /// Whether a step of an operator, from `old` to this, makes the task take a key that it did not have to have before.
    package func takesUniqueKey(after old: TaskRecord) -> Bool {
        if old.state.status.isFinal || definition.uniqueScope != old.definition.uniqueScope { return true }
        // What is blocked waits for the holder of the same key.
        return definition.unique?.hasTerms(of: old.definition.unique) == false
            && old.state.pendingReason != .blocked
    }

    /// From when its key is free although the task has not moved.
    package var uniqueKeyExpiry: Timestamp? {
        definition.unique?.expiry(createdAt: state.createdAt, hasEnded: state.status.isFinal)
    }
}
