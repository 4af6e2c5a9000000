/// What a submission does if another task holds its unique key.
public enum UniqueConflict: Sendable, Hashable {
    /// It is answered with that task.
    case returnExisting
    /// It is rejected.
    case reject
    /// A waiting holder takes over its definition; it is rejected if the holder runs or has ended.
    case replace
    /// A waiting holder takes over its definition. Behind a running one, one task waits for its end: the newest.
    case rerun
    /// A waiting holder takes over its definition, and waits anew.
    case debounce(Debounce)

    public struct Debounce: Sendable, Hashable {
        /// How long the task waits after the latest submission.
        public var wait: Duration
        /// How long it waits at most after the first one.
        public var maxWait: Duration
        /// Whether the first definition stays.
        public var keepsFirst: Bool

        public init(wait: Duration, maxWait: Duration, keepsFirst: Bool = false) {
            self.wait = wait
            self.maxWait = maxWait
            self.keepsFirst = keepsFirst
        }
    }

    /// What becomes of a submission whose key is held.
    package enum Resolution: Sendable, Hashable {
        case existing(TaskRecord)
        case conflict(TaskRecord)
        /// The task is rewritten.
        case rewrite(TaskRecord)
        /// A new task waits for the end of the holder.
        case follow
    }

    /// - Parameters:
    ///   - holder: The task that holds the key.
    ///   - next: The task that waits for the holder's end.
    ///   - type: The type of the submitted task.
    package func resolution(holder: TaskRecord, next: TaskRecord?, type: String) -> Resolution {
        let waits = holder.status == .pending
        switch self {
        case .returnExisting: return .existing(holder)
        case .reject: return .conflict(holder)
        // No task can take over the definition of another type.
        case _ where holder.type != type: return .conflict(holder)
        case .replace: return waits ? .rewrite(holder) : .conflict(holder)
        case .debounce: return waits ? .rewrite(holder) : .conflict(holder)
        case .rerun:
            if let next { return .rewrite(next) }
            if waits { return .rewrite(holder) }
            return holder.status == .processing ? .follow : .conflict(holder)
        }
    }
}

extension NewTask {
    /// The step by which `record` takes over this task's definition.
    package func rewrite(of record: TaskRecord, at now: Timestamp) -> TaskRewrite {
        var rewrite = TaskRewrite(id: record.id, version: record.version, definition: definition)
        if case .debounce(let debounce) = onConflict {
            if debounce.keepsFirst { rewrite.definition = record.definition }
            let left = max(record.createdAt + debounce.maxWait - now, .zero)
            rewrite.schedule = .after(min(debounce.wait, left))
        } else if schedule != .now {
            rewrite.schedule = schedule
        }
        return rewrite
    }
}
