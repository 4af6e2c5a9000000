/// A task to submit, before a store has accepted it.
///
/// The members of its definition are available directly: `task.type` is `task.definition.type`.
@dynamicMemberLookup
public struct NewTask: Sendable, Hashable {
    /// When the task becomes ready.
    public enum Schedule: Sendable, Hashable {
        case now
        /// This long after the store accepts it.
        case after(Duration)
        /// At this time, or immediately if it has passed.
        case at(Timestamp)

        /// Whether it is a time rather than a delay.
        package var isGiven: Bool {
            if case .at = self { true } else { false }
        }

        /// The time for a task that is accepted at `now`; may have passed.
        package func time(at now: Timestamp) -> Timestamp {
            switch self {
            case .now: now
            case .after(let delay): now + delay
            case .at(let time): time
            }
        }
    }

    public var id: TaskID
    /// What the task is to do, and how.
    public var definition: TaskDefinition
    public var schedule: Schedule
    /// What to do if another task holds its unique key.
    public var onConflict: UniqueConflict

    public init(
        id: TaskID, definition: TaskDefinition, schedule: Schedule = .now,
        onConflict: UniqueConflict = .returnExisting
    ) {
        self.id = id
        self.definition = definition
        self.schedule = schedule
        self.onConflict = onConflict
    }

    /// A task with defaults for everything that `adjust` does not set.
    ///
    /// ```swift
    /// NewTask(id: ids.next(), type: "resize") { $0.priority = 5 }
    /// ```
    ///
    /// - Parameters:
    ///   - id: An identifier that no other task has.
    ///   - type: Which handler runs it.
    ///   - payload: The handler's input.
    ///   - schedule: When the task becomes ready.
    ///   - adjust: Sets further members of the definition.
    public init(
        id: TaskID, type: String, payload: RawJSON = .null, schedule: Schedule = .now,
        _ adjust: (inout TaskDefinition) -> Void = { _ in }
    ) {
        var definition = TaskDefinition(type: type, payload: payload)
        adjust(&definition)
        self.init(id: id, definition: definition, schedule: schedule)
    }

    @inlinable public subscript<Value>(dynamicMember member: WritableKeyPath<TaskDefinition, Value>) -> Value
    {
        get { definition[keyPath: member] }
        set { definition[keyPath: member] = newValue }
    }
}
