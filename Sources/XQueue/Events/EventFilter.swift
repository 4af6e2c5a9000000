public import XQueueCore

/// Selects events that match every part. An empty part matches all.
public struct EventFilter: Sendable, Hashable {
    public var taskIDs: Set<TaskID>
    public var types: Set<String>
    /// The tasks' new statuses; progress counts as `processing`. Events of schedules have none.
    public var statuses: Set<TaskStatus>

    public init(taskIDs: Set<TaskID> = [], types: Set<String> = [], statuses: Set<TaskStatus> = []) {
        self.taskIDs = taskIDs
        self.types = types
        self.statuses = statuses
    }

    /// Every event.
    public static let all = EventFilter()

    /// Number of values in all parts.
    package var valueCount: Int { taskIDs.count + types.count + statuses.count }

    public func matches(_ event: TaskEvent) -> Bool {
        (taskIDs.isEmpty || taskIDs.contains(event.taskID))
            && (types.isEmpty || types.contains(event.type))
            && (statuses.isEmpty || event.status.map { statuses.contains($0) } ?? false)
    }
}

extension TaskEvent {
    /// The task's status right after the event; nil for an event of a schedule.
    public var status: TaskStatus? {
        switch change {
        case .status(let change): change.status
        case .progress: .processing
        case .schedule: nil
        }
    }
}
