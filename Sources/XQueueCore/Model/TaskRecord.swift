/// A task as stored: its definition and its state.
///
/// The members of both parts are available directly: `record.type` is `record.definition.type`.
@dynamicMemberLookup
public struct TaskRecord: Sendable, Hashable {
    public var id: TaskID
    public var definition: TaskDefinition
    public var state: TaskState

    /// Whether payload, result and error history are left out of this copy because the reply was full.
    public var isAbridged = false

    public init(id: TaskID, definition: TaskDefinition, state: TaskState) {
        self.id = id
        self.definition = definition
        self.state = state
    }

    @inlinable public subscript<Value>(dynamicMember member: WritableKeyPath<TaskDefinition, Value>) -> Value
    {
        get { definition[keyPath: member] }
        set { definition[keyPath: member] = newValue }
    }

    @inlinable public subscript<Value>(dynamicMember member: WritableKeyPath<TaskState, Value>) -> Value {
        get { state[keyPath: member] }
        set { state[keyPath: member] = newValue }
    }
}

extension TaskRecord {
    /// The number of the current or next attempt, from 1.
    public var attempt: Int { state.retryCount.adding(clamped: 1) }

    /// The next time at which the task changes by itself; a store keeps one index over it.
    public var dueAt: Timestamp? {
        switch state.status {
        case .pending: state.pendingReason == .scheduled ? state.runAt : state.queueDeadline
        case .processing: state.lease?.expiresAt
        case .success, .failed, .canceled, .timeout: nil
        }
    }

    /// Whether the step `rewrite` is legal, apart from its unique key.
    package func allows(_ rewrite: TaskRewrite) -> Bool {
        state.status == .pending && state.version == rewrite.version
    }

    /// Total size of the parts that may be large (payload, result and errors), in bytes.
    package var contentBytes: Int {
        let parts =
            definition.contentBytes + (state.result?.text.utf8.count ?? 0)
            + (state.error?.utf8.count ?? 0)
        return state.errors.isEmpty ? parts : state.errors.reduce(parts) { $0 + $1.message.utf8.count }
    }

    /// The record without the parts that may be large.
    package var abridged: TaskRecord {
        var record = self
        record.definition = definition.abridged
        (record.state.result, record.state.errors) = (nil, [])
        record.isAbridged = true
        return record
    }
}
