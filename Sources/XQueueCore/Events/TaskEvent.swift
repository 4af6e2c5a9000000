/// A change to one task, or what a schedule did.
public struct TaskEvent: Sendable, Hashable {
    /// What happened.
    public enum Change: Sendable, Hashable {
        case status(StatusChange)
        case progress(TaskProgress)
        /// What became of a tick. No task changed; `taskID` is that of the tick's task, and there is no such task unless it was
        /// submitted.
        case schedule(ScheduleChange)
    }

    /// A step from one status to another, the submission, or a rewriting.
    public struct StatusChange: Sendable, Hashable {
        /// Nil for the submission.
        public var previous: TaskStatus?
        public var status: TaskStatus
        /// The task's version after the step: 1 for the submission, one more for each step, without gaps.
        public var version: Int
        public var retryCount: Int
        /// The task's latest error.
        public var error: String?

        /// Whether the task was rewritten: another definition for a task that waits.
        public var isRewriting: Bool { previous == .pending && status == .pending }

        public init(
            previous: TaskStatus?, status: TaskStatus, version: Int, retryCount: Int = 0,
            error: String? = nil
        ) {
            self.previous = previous
            self.status = status
            self.version = version
            self.retryCount = retryCount
            self.error = error
        }
    }

    /// The position just after the event.
    public var cursor: EventCursor
    public var taskID: TaskID
    public var type: String
    /// When it happened, by the store's clock.
    public var timestamp: Timestamp
    /// The node that runs the task, or the last one that did.
    public var workerID: String?
    /// The metadata of the task when it happened.
    public var metadata: RawJSON?
    public var change: Change

    public init(
        cursor: EventCursor, taskID: TaskID, type: String, timestamp: Timestamp, workerID: String?,
        metadata: RawJSON? = nil, change: Change
    ) {
        self.cursor = cursor
        self.taskID = taskID
        self.type = type
        self.timestamp = timestamp
        self.workerID = workerID
        self.metadata = metadata
        self.change = change
    }
}

extension TaskEvent {
    /// The change from `old` to `new`; nil if neither the status nor the definition did.
    ///
    /// Every store writes exactly these events, in the same atomic operation as the step.
    public static func change(from old: TaskRecord?, to new: TaskRecord) -> Change? {
        guard old?.version != new.version else { return nil }
        return .status(
            StatusChange(
                previous: old?.status, status: new.status, version: new.version,
                retryCount: new.retryCount, error: new.error))
    }
}
