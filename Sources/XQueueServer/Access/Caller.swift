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

    /// A task as the caller may see it: of one that is none of their business, that it is there.
    func seen(_ task: TaskRecord) -> TaskRecord {
        guard !mayTouch(task.type) else { return task }
        var seen = task
        (seen.payload, seen.result, seen.error, seen.errors) = (.null, nil, nil, [])
        (seen.progress, seen.workerID, seen.concurrency, seen.trace) = (nil, nil, nil, nil)
        return seen
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
