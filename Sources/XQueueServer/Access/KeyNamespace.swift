import XQueue
import XQueueCore

/// Whose concurrency key a key is. A tenant's keys must not park another's tasks, so what is stored is not only
/// what a caller wrote:
///
/// | token | stored for `user_1` of type `mail` | holds for |
/// | --- | --- | --- |
/// | without types | `user_1` | the whole queue |
/// | with types | `mail/user_1` | the type |
/// | with a namespace | `@shop/user_1` | all tokens of the namespace, whatever the type |
///
/// Names of types and namespaces hold no `/` and no `@`, so keys of two tenants are never the same.
extension Caller {
    /// What stands before the caller's keys for tasks of `type`; nil for nothing.
    private func keyPrefix(_ type: String) -> String? {
        if let keyNamespace { return "@\(keyNamespace)/" }
        return types == nil ? nil : "\(type)/"
    }

    /// The key as it is stored.
    func storedKey(_ key: String, type: String) -> String {
        (keyPrefix(type) ?? "") + key
    }

    /// A key as it may be stored for tasks of these types, each with the types it counts for: as the caller's own, and as
    /// others may have set it.
    func storedKeys(_ key: String, types: Set<String>) -> [String: Set<String>] {
        guard self.types != nil else { return [key: []] }
        return types.reduce(into: [key: types]) { keys, type in
            keys[storedKey(key, type: type), default: []].insert(type)
        }
    }

    /// The submission with its key as it is stored.
    ///
    /// - Throws: ``XQueue/QueueError`` if the key is too long then.
    func scoped(_ submission: TaskSubmission) throws(QueueError) -> TaskSubmission {
        // A key that is wrong by itself is for the queue to refuse.
        guard let key = submission.concurrencyKey, let prefix = keyPrefix(submission.type),
            1...ModelLimits.keyBytes ~= key.utf8.count
        else { return submission }
        let most = ModelLimits.keyBytes - prefix.utf8.count
        guard key.utf8.count <= most else {
            throw .invalid(
                "concurrency_key",
                "must be 1 to \(most) bytes long: with this token it is stored as \(prefix)KEY")
        }
        var scoped = submission
        scoped.concurrencyKey = prefix + key
        return scoped
    }

    /// The task with its key as the caller writes it.
    func seen(_ task: TaskRecord) -> TaskRecord {
        guard let key = task.concurrency?.key, let prefix = keyPrefix(task.type), key.hasPrefix(prefix)
        else { return task }
        var seen = task
        seen.concurrency?.key = String(key.dropFirst(prefix.count))
        return seen
    }
}
