import XQueueCore

/// The last state of each task according to the event log.
struct LoggedStates {
    var cursor = EventCursor.start
    var changes: [TaskID: TaskEvent.StatusChange] = [:]
    var metadata: [TaskID: RawJSON] = [:]
    /// What schedules did, in order.
    var scheduleEvents: [ScheduleEvent] = []
}

extension ModelRun {
    /// Reads the new events, and requires that they lead to exactly `stored`, with no step missing or repeated.
    mutating func followLog(to stored: [TaskRecord]) async throws {
        while true {
            let page = try await store.events(after: logged.cursor, limit: 1000, waiting: .zero)
            try require(!page.isReset, "the event log has lost events after \(logged.cursor)")
            for event in page.events { try follow(event) }
            logged.cursor = page.next
            if !page.hasMore { break }
        }
        try require(logged.scheduleEvents, equals: model.scheduleEvents)
        for record in stored {
            guard let change = logged.changes[record.id] else {
                return try require(false, "the event log does not have \(record.id)")
            }
            let expected = TaskEvent.StatusChange(
                previous: change.previous, status: record.status, version: record.version,
                retryCount: change.retryCount, error: change.error)
            try require(change, equals: expected)
            try require(logged.metadata[record.id], equals: record.metadata)
        }
    }

    private mutating func follow(_ event: TaskEvent) throws {
        try require(
            event.cursor.number == logged.cursor.number + 1, "event \(event) follows \(logged.cursor)")
        logged.cursor = event.cursor
        if case .schedule(let change) = event.change {
            logged.scheduleEvents.append(
                ScheduleEvent(taskID: event.taskID, type: event.type, change: change))
            return
        }
        let last = logged.changes[event.taskID]
        try require(
            last == nil || event.isRewriting || event.metadata == logged.metadata[event.taskID],
            "\(event) has other metadata")
        logged.metadata[event.taskID] = event.metadata
        switch event.change {
        case .status(let change):
            let follows = change.version == (last?.version ?? 0) + 1 && change.previous == last?.status
            try require(follows, "event \(event) follows \(String(describing: last))")
            logged.changes[event.taskID] = change
        case .progress:
            try require(last?.status == .processing, "\(event) of a task that does not run")
        case .schedule: break
        }
    }
}

extension TaskEvent {
    fileprivate var isRewriting: Bool {
        if case .status(let change) = change { change.isRewriting } else { false }
    }
}
