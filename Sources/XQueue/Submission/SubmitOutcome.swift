public import XQueueCore

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
