import XQueue
import XQueueCore

/// Scopes concurrency keys to tenants: one tenant's keys must not park another's tasks, so the stored key may carry a
/// prefix.
///
/// | token | stored for `user_1` of type `mail` | applies to |
/// | --- | --- | --- |
/// | without types | `user_1` | the whole queue |
/// | with types | `mail/user_1` | the type |
/// | with a namespace | `@shop/user_1` | all tokens of the namespace, whatever the type |
///
/// Type and namespace names contain neither `/` nor `@`, so keys of two tenants never collide.
extension Caller {
    /// The prefix of the caller's keys for tasks of `type`; nil for none.
    private func keyPrefix(_ type: String) -> String? {
        if let keyNamespace { return "@\(keyNamespace)/" }
        return types == nil ? nil : "\(type)/"
    }

    /// Returns the key as stored.
    func storedKey(_ key: String, type: String) -> String {
        (keyPrefix(type) ?? "") + key
    }

    /// Returns every form in which a key may be stored for tasks of these types, each with the types it applies to:
    /// with the caller's prefix, and as written, since callers without types may have set it.
    func storedKeys(_ key: String, types: Set<String>) -> [String: Set<String>] {
        guard self.types != nil else { return [key: []] }
        return types.reduce(into: [key: types]) { keys, type in
            keys[storedKey(key, type: type), default: []].insert(type)
        }
    }

    /// Returns the submission with its concurrency key as stored.
    ///
    /// - Throws: ``XQueue/QueueError`` if the prefix makes the key too long, or if the unique key is none of the caller's.
    func scoped(_ submission: TaskSubmission) throws(QueueError) -> TaskSubmission {
        try checkUniqueness(of: submission)
        // A key that is invalid even without the prefix is left for the queue to reject.
        guard let key = submission.concurrencyKey, let prefix = keyPrefix(submission.type),
            1...ModelLimits.keyBytes ~= key.utf8.count
        else { return submission }
        let maxBytes = ModelLimits.keyBytes - prefix.utf8.count
        guard key.utf8.count <= maxBytes else {
            throw .invalid(
                "concurrency_key",
                "must be 1 to \(maxBytes) bytes long: this token's keys are stored as \(prefix)KEY")
        }
        var scoped = submission
        scoped.concurrencyKey = prefix + key
        return scoped
    }

    /// Returns what the caller made of a task it sees, with its concurrency key as stored: a key that stays the same stays as it
    /// is, even without the caller's prefix. With another limit, a key of others becomes the caller's: under a higher one its
    /// tasks would park theirs.
    func scoped(_ edited: TaskSubmission, editing task: TaskRecord) throws(QueueError) -> TaskSubmission {
        let seen = seen(task).concurrency
        let isForeign =
            keyPrefix(task.type) != nil && seen?.key == task.concurrency?.key && seen?.key != task.type
        guard edited.concurrencyKey == seen?.key, !isForeign || edited.maxConcurrency == seen?.limit else {
            return try scoped(edited)
        }
        try checkUniqueness(of: edited)
        var scoped = edited
        scoped.concurrencyKey = task.concurrency?.key
        return scoped
    }

    /// A key that all types share would tell of tasks the caller must not see, and stand in their way.
    private func checkUniqueness(of submission: TaskSubmission) throws(QueueError) {
        guard types != nil, submission.uniqueness?.isAcrossTypes == true else { return }
        throw .invalid("unique.across_types", "needs a token for all types")
    }

    /// Returns the task with its key as the caller wrote it.
    func seen(_ task: TaskRecord) -> TaskRecord {
        var seen = task
        seen.definition = self.seen(task.definition)
        return seen
    }

    /// Returns the definition with its key as the caller wrote it.
    func seen(_ task: TaskDefinition) -> TaskDefinition {
        guard let key = task.concurrency?.key, let prefix = keyPrefix(task.type), key.hasPrefix(prefix)
        else { return task }
        var seen = task
        seen.concurrency?.key = String(key.dropFirst(prefix.count))
        return seen
    }
}
