import XQueue
import XQueueCore

/// Who sent a request, and what they may do.
struct Caller: Sendable, Hashable {
    /// What says so.
    enum Proof: Sendable, Hashable {
        /// Nothing was asked for, or given.
        case none
        case token(TokenHash)
        /// A JWT that was good under the rules of that generation, until then.
        case jwt(generation: Int, expiresAt: Timestamp)
    }

    /// What logs call them; nil for somebody unknown.
    let name: String?
    let scopes: AccessScopes
    /// The task types they may see and touch; nil for all.
    let types: Set<String>?
    let proof: Proof
    /// As ``AccessToken/keyNamespace``.
    var keyNamespace: String?
    var quota = TokenQuota()

    /// Anybody, where nobody is asked.
    static let anyone = Caller(name: nil, scopes: .admin, types: nil, proof: .none)
    /// Somebody who should have said who they are.
    static let stranger = Caller(name: nil, scopes: [], types: nil, proof: .none)

    /// Whether tasks of `type` exist for this caller.
    func mayTouch(_ type: String) -> Bool {
        types?.contains(type) ?? true
    }

    /// - Throws: ``XQueue/QueueError`` `forbidden` if tasks of `type` are none of the caller's business.
    func check(_ type: String, field: String? = "type") throws(QueueError) {
        guard mayTouch(type) else {
            let type = type.truncated(toBytes: ErrorReply.quotedBytes)
            throw QueueError(.forbidden, "the token is not for tasks of type \(type)", field: field)
        }
    }

    /// On whose behalf its workers call; nil for one without bounds.
    var workerOwner: WorkerOwner? {
        guard let name, types != nil || quota.workers != nil else { return nil }
        return WorkerOwner(name: name, types: types, maxWorkers: quota.workers)
    }

    /// - Throws: ``XQueue/QueueError`` `forbidden` if the caller is for some task types alone.
    func checkWholeQueue() throws(QueueError) {
        guard types == nil else {
            throw QueueError(
                .forbidden, "the token is limited to task types, and this concerns the whole queue")
        }
    }

    /// The filter, narrowed to what the caller may see.
    ///
    /// - Throws: ``XQueue/QueueError`` `forbidden` if it names other types.
    func narrowed(_ filter: EventFilter) throws(QueueError) -> EventFilter {
        guard let types else { return filter }
        for type in filter.types.sorted() { try check(type) }
        guard filter.types.isEmpty else { return filter }
        return EventFilter(taskIDs: filter.taskIDs, types: types, statuses: filter.statuses)
    }
}
