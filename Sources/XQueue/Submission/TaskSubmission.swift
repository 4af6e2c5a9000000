public import XQueueCore

/// A task as its submitter describes it; what is left out takes the queue's defaults.
///
/// The members of its definition are its own as well: `submission.priority` is `submission.definition.priority`.
/// What may have a default of the queue's stands here, and here alone, with nil for that default.
@dynamicMemberLookup
public struct TaskSubmission: Sendable {
    /// An identifier of the submitter's own, of version 7; nil for one that the queue makes. While the queue
    /// has a task with it, ended or not, that task answers for this one: submitting again is harmless. Its
    /// time decides the place in line among tasks of the same priority, and must not be more than a day ahead of
    /// the store's clock.
    public var id: TaskID?
    /// What is asked, but for the defaults of the queue.
    public var definition: TaskDefinition
    /// 0 to 1000 attempts after the first; nil for the queue's default.
    public var maxRetry: Int?
    /// How long the task may wait for its first attempt; zero for as long as it takes, nil for the
    /// queue's default.
    public var queueTimeout: Duration?
    /// How long an attempt may run; zero for as long as it takes, nil for the queue's default.
    public var processTimeout: Duration?
    /// 1 to 256 bytes; tasks with the same key share a limit.
    public var concurrencyKey: String?
    /// How many tasks of the key may run at once, from 1: without it a key means one at a time, and
    /// without a key the type is the key.
    public var maxConcurrency: Int?
    public var schedule: NewTask.Schedule = .now

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

/// What a submission that leaves something out gets.
public struct SubmissionDefaults: Sendable, Hashable {
    /// For both the queue and the process timeout; zero for none.
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
    /// A task with the same identifier, or an unfinished one with the same unique key, answers for it.
    case existing(TaskRecord)
    /// The durable log in front of the store has it, and the store could not take it yet: it will run, unless it
    /// has a unique key, which only the store can check; see ``isProvisional``.
    case logged(TaskRecord)

    /// Whether no other task answers for this one.
    package var isNew: Bool {
        if case .existing = self { false } else { true }
    }

    /// The task as it is, or as it will be.
    public var record: TaskRecord {
        switch self {
        case .inserted(let record), .existing(let record), .logged(let record): record
        }
    }

    /// Whether it is not known yet if there will be a task with this identifier: if an unfinished one has the same
    /// unique key once the store can be asked, that one answers for it.
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
        }
    }
}
