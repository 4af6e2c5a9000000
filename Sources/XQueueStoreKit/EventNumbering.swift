public import XQueueCore

/// Gives the events of one batch of a log their places as they are read, and refuses a batch that is not what was
/// written.
public struct EventNumbering {
    private var events: [TaskEvent] = []
    private var cursor: EventCursor
    private let last: EventCursor

    /// - Parameters:
    ///   - first: The number of the batch's first event.
    ///   - last: The place of its last event.
    ///   - bytes: How long the batch is. What it says of itself may be damaged, so its length tells how many events, of 16
    ///     bytes at least, it can hold.
    /// - Throws: `StoreError` of code `corrupt` if it cannot hold so many.
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
    ///   - head: Everything else of it.
    public mutating func add(_ id: TaskID, _ head: EventBatch.Head) {
        cursor.number += 1
        events.append(
            TaskEvent(
                cursor: cursor, taskID: id, type: head.type, timestamp: head.timestamp,
                workerID: head.workerID, metadata: head.metadata, change: head.change))
    }

    /// The events, all of which have been added.
    ///
    /// - Throws: `StoreError` of code `corrupt` if there are not as many as there should be.
    public func finish() throws(StoreError) -> [TaskEvent] {
        guard cursor == last else { throw Self.damaged }
        return events
    }

    /// A log with bytes in it that nobody has written.
    public static var damaged: StoreError { StoreError(.corrupt, "the event log is damaged") }
}

extension [TaskEvent] {
    /// Adds those of a batch that a page still needs.
    ///
    /// - Parameters:
    ///   - batch: The next events of the log, of which the first ones may be known already.
    ///   - number: The number of the last event that is known.
    ///   - limit: The most events of the page.
    public mutating func append(_ batch: [TaskEvent], after number: Int64, limit: Int) {
        self += batch.drop { $0.cursor.number <= number }.prefix(Swift.max(limit - count, 0))
    }
}
