public import XQueueCore

/// A task as its submitter describes it; what is left out takes the defaults of the queue.
///
/// The members of its definition are its own as well: `submission.priority` is `submission.definition.priority`.
/// Fields that the queue has a default for are here only, with nil for that default.
@dynamicMemberLookup
public struct TaskSubmission: Sendable {
    /// The submitter's own identifier, a version 7 UUID; nil to have the queue generate one. While the queue has a task
    /// with it, ended or not, submitting again returns that task, so repeating a submission is safe. Its time decides the
    /// order among tasks of the same priority, and must be at most a day ahead of the store's clock.
    public var id: TaskID?
    /// The definition, apart from the fields that the queue has a default for.
    public var definition: TaskDefinition
    /// Maximum number of retries, 0 to 1000; nil for the queue's default.
    public var maxRetry: Int?
    /// How long the task may wait for its first attempt; zero for no limit, nil for the queue's default.
    public var queueTimeout: Duration?
    /// How long an attempt may run; zero for no limit, nil for the queue's default.
    public var processTimeout: Duration?
    /// 1 to 256 bytes; tasks with the same key share a limit.
    public var concurrencyKey: String?
    /// How many tasks of the key may run simultaneously, 1 or more. A key without it means one at a time; without a
    /// key, the type is the key.
    public var maxConcurrency: Int?
    public var schedule: NewTask.Schedule = .now
    /// Which other tasks there may not be; nil for the definition's `unique`, if that is set.
    public var uniqueness: Uniqueness?

    public init(type: String, payload: RawJSON = .null) {
        definition = TaskDefinition(type: type, payload: payload)
    }

    /// A task for `handler` with a typed payload, for batches of several types.
    ///
    /// - Throws: What encoding the payload throws.
    public init<Handler: TaskHandler>(
        _ handler: Handler.Type, _ payload: Handler.Payload, _ options: SubmitOption...
    ) throws {
        try self.init(handler, payload, options)
    }

    init<Handler: TaskHandler>(
        _ handler: Handler.Type, _ payload: Handler.Payload, _ options: [SubmitOption]
    ) throws {
        self.init(type: handler.type, payload: try RawJSON(encoding: payload))
        for option in options { option.apply(&self) }
    }

    @inlinable public subscript<Value>(dynamicMember member: WritableKeyPath<TaskDefinition, Value>) -> Value
    {
        get { definition[keyPath: member] }
        set { definition[keyPath: member] = newValue }
    }
}

/// Defaults of submissions.
public struct SubmissionDefaults: Sendable, Hashable {
    /// Both the queue and the process timeout; zero for none.
    public var timeout: Duration
    public var maxRetry: Int

    public init(timeout: Duration = .seconds(600), maxRetry: Int = 3) {
        self.timeout = timeout
        self.maxRetry = maxRetry
    }
}

/// What became of one submitted task.
public enum SubmitOutcome: Sendable, Hashable {
    /// The store has it.
    case inserted(TaskRecord)
    /// There was already a task with the same identifier, or one that holds the unique key: this one.
    case existing(TaskRecord)
    /// This task waited with the unique key, and took over what was submitted.
    case replaced(TaskRecord)
    /// Nothing was accepted, because this task holds the unique key. In batches only: a single submission throws
    /// ``QueueError/Code/notUnique``.
    case conflict(TaskRecord)
    /// The durable log in front of the store has it, and the store could not be reached yet. It will run, unless it has
    /// a unique key, which only the store can check; see ``isProvisional``.
    case logged(TaskRecord)

    /// Whether a new task was accepted.
    package var isNew: Bool {
        switch self {
        case .inserted, .logged: true
        case .existing, .replaced, .conflict: false
        }
    }

    /// The task as it is, or as it will be.
    public var record: TaskRecord {
        switch self {
        case .inserted(let record), .existing(let record), .replaced(let record), .conflict(let record),
            .logged(let record):
            record
        }
    }

    /// Whether it is still open if there will be a task with this identifier: if another one holds the unique key once the
    /// store can be reached, the rule decides.
    public var isProvisional: Bool {
        if case .logged(let record) = self { return record.uniqueKey != nil }
        return false
    }
}

extension SubmitOutcome {
    init(_ outcome: InsertOutcome) {
        switch outcome {
        case .inserted(let record): self = .inserted(record)
        case .existing(let record): self = .existing(record)
        case .replaced(let record): self = .replaced(record)
        case .conflict(let record): self = .conflict(record)
        }
    }
}
