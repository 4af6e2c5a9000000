public import XQueueCore

/// Assigns positions to the events of one batch of a log as they are read, and rejects an inconsistent batch.
public struct EventNumbering {
    private var events: [TaskEvent] = []
    private var cursor: EventCursor
    private let last: EventCursor

    /// - Parameters:
    ///   - first: The number of the batch's first event.
    ///   - last: The position of its last event.
    ///   - bytes: The batch's size. Its own counts may be damaged, so the size limits how many events, of at
    ///     least 16 bytes, it can hold.
    /// - Throws: `StoreError` with code `corrupt` if it cannot hold that many.
    public init(first: Int64, last: EventCursor, bytes: Int) throws(StoreError) {
        let most = Int64(bytes / MemoryLayout<TaskID>.size)
        guard first > 0, last.number >= first, last.number - first < most else { throw Self.damaged }
        self.last = last
        cursor = EventCursor(time: last.time, number: first - 1)
        events.reserveCapacity(Int(last.number - first) + 1)
    }

    /// Adds the next event.
    ///
    /// - Parameters:
    ///   - id: Its task.
    ///   - head: The rest of the event.
    public mutating func add(_ id: TaskID, _ head: EventBatch.Head) {
        cursor.number += 1
        events.append(
            TaskEvent(
                cursor: cursor, taskID: id, type: head.type, timestamp: head.timestamp,
                workerID: head.workerID, metadata: head.metadata, change: head.change))
    }

    /// Returns the events once all have been added.
    ///
    /// - Throws: `StoreError` with code `corrupt` if there are not as many as expected.
    public func finish() throws(StoreError) -> [TaskEvent] {
        guard cursor == last else { throw Self.damaged }
        return events
    }

    /// The error for an event log that cannot be read.
    public static var damaged: StoreError { StoreError(.corrupt, "the event log is damaged") }
}

extension [TaskEvent] {
    /// Appends the events of a batch that a page still needs.
    ///
    /// - Parameters:
    ///   - batch: The next events of the log, the first of which may be on earlier pages.
    ///   - number: The number of the last event already known.
    ///   - limit: Maximum number of events on the page.
    public mutating func append(_ batch: [TaskEvent], after number: Int64, limit: Int) {
        self += batch.drop { $0.cursor.number <= number }.prefix(Swift.max(limit - count, 0))
    }
}
