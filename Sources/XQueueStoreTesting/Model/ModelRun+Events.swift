import XQueueCore

/// What the event log has told so far of each task.
struct ToldStates {
    var cursor = EventCursor.start
    var changes: [TaskID: TaskEvent.StatusChange] = [:]
    var metadata: [TaskID: RawJSON] = [:]
}

extension ModelRun {
    /// Reads what the log has to tell since the last time, and demands that it leads to exactly `stored`:
    /// no step left out, none told twice.
    mutating func followLog(to stored: [TaskRecord]) async throws {
        while true {
            let page = try await store.events(after: told.cursor, limit: 1000, waiting: .zero)
            try demand(!page.isReset, "the event log has lost events after \(told.cursor)")
            for event in page.events { try follow(event) }
            told.cursor = page.next
            if !page.hasMore { break }
        }
        for record in stored {
            guard let change = told.changes[record.id] else {
                return try demand(false, "the event log does not know \(record.id)")
            }
            let expected = TaskEvent.StatusChange(
                previous: change.previous, status: record.status, version: record.version,
                retryCount: change.retryCount, error: change.error)
            try demand(change, equals: expected)
            try demand(told.metadata[record.id], equals: record.metadata)
        }
    }

    private mutating func follow(_ event: TaskEvent) throws {
        try demand(event.cursor.number == told.cursor.number + 1, "event \(event) follows \(told.cursor)")
        told.cursor = event.cursor
        let last = told.changes[event.taskID]
        try demand(
            last == nil || event.metadata == told.metadata[event.taskID], "\(event) has other metadata")
        told.metadata[event.taskID] = event.metadata
        switch event.change {
        case .status(let change):
            let follows = change.version == (last?.version ?? 0) + 1 && change.previous == last?.status
            try demand(follows, "event \(event) follows \(String(describing: last))")
            told.changes[event.taskID] = change
        case .progress:
            try demand(last?.status == .processing, "\(event) of a task that does not run")
        }
    }
}
