import XQueue
import XQueueCore

/// Who sent a request, and what they may do.
struct Caller: Sendable, Hashable {
    /// How the caller was authenticated.
    enum Proof: Sendable, Hashable {
        /// Not at all: no credential was required, or none was presented.
        case none
        case token(TokenHash)
        /// A JWT that is valid under the rules of that generation until it expires.
        case jwt(generation: Int, expiresAt: Timestamp)
    }

    /// Name used in logs; nil for an anonymous caller.
    let name: String?
    let scopes: AccessScopes
    /// The task types they have access to; nil for all.
    let types: Set<String>?
    let proof: Proof
    /// See ``AccessToken/keyNamespace``.
    var keyNamespace: String?
    var quota = TokenQuota()

    /// Any caller of a server without authentication.
    static let anyone = Caller(name: nil, scopes: .admin, types: nil, proof: .none)
    /// A caller without a credential, on a server that requires one.
    static let anonymous = Caller(name: nil, scopes: [], types: nil, proof: .none)

    /// Whether the caller has access to tasks of `type`.
    func canAccess(_ type: String) -> Bool {
        types?.contains(type) ?? true
    }

    /// - Throws: ``XQueue/QueueError`` `forbidden` if the caller has no access to tasks of `type`.
    func check(_ type: String, field: String? = "type") throws(QueueError) {
        guard canAccess(type) else {
            let type = type.truncated(toBytes: ErrorReply.quotedBytes)
            throw QueueError(.forbidden, "the token has no access to tasks of type \(type)", field: field)
        }
    }

    /// The owner of the caller's remote workers; nil if it has no limits to enforce.
    var workerOwner: WorkerOwner? {
        guard let name, types != nil || quota.workers != nil else { return nil }
        return WorkerOwner(name: name, types: types, maxWorkers: quota.workers)
    }

    /// - Throws: ``XQueue/QueueError`` `forbidden` if the caller is limited to some task types.
    func checkWholeQueue() throws(QueueError) {
        guard types == nil else {
            throw QueueError(
                .forbidden, "the token is limited to some task types, and this affects the whole queue")
        }
    }

    /// Returns the filter, narrowed to the caller's types.
    ///
    /// - Throws: ``XQueue/QueueError`` `forbidden` if it names other types.
    func narrowed(_ filter: EventFilter) throws(QueueError) -> EventFilter {
        guard let types else { return filter }
        for type in filter.types.sorted() { try check(type) }
        guard filter.types.isEmpty else { return filter }
        return EventFilter(taskIDs: filter.taskIDs, types: types, statuses: filter.statuses)
    }
}
