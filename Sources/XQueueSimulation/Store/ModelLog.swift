import XQueueCore

/// The event log of a ``ModelStore``.
struct ModelLog: Sendable {
    let retention: EventRetention
    private var events: [TaskEvent] = []
    /// The newest event, even if it was removed.
    private(set) var last = EventCursor.start
    /// The newest event that was removed.
    private var removed = EventCursor.start

    init(retention: EventRetention) {
        self.retention = retention
    }

    /// Adds an event of a schedule. Returns whether events are kept at all.
    mutating func write(_ event: ScheduleEvent, at now: Timestamp) -> Bool {
        append(
            TaskEvent(
                cursor: last, taskID: event.taskID, type: event.type, timestamp: now, workerID: nil,
                change: .schedule(event.change)))
    }

    /// Adds an event. Returns whether events are kept at all.
    mutating func write(_ change: TaskEvent.Change, of record: TaskRecord, at now: Timestamp) -> Bool {
        append(
            TaskEvent(
                cursor: last, taskID: record.id, type: record.type, timestamp: now, workerID: record.workerID,
                metadata: record.metadata, change: change))
    }

    private mutating func append(_ event: TaskEvent) -> Bool {
        guard retention.count > 0 else { return false }
        last = EventCursor(time: max(event.timestamp, last.time), number: last.number + 1)
        var event = event
        event.cursor = last
        events.append(event)
        if events.count > retention.count { remove(events.count - retention.count) }
        return true
    }

    mutating func prune(at now: Timestamp) {
        let oldest = now + (.zero - retention.age)
        remove(events.prefix { $0.cursor.time < oldest }.count)
    }

    private mutating func remove(_ count: Int) {
        guard count > 0 else { return }
        removed = events[count - 1].cursor
        events.removeFirst(count)
    }

    func page(after cursor: EventCursor, limit: Int) -> EventPage {
        let isOwn = holds(cursor)
        let isByTime = cursor.number == 0 || !isOwn
        let missed =
            isByTime ? removed.number > 0 && removed.time >= cursor.time : cursor.number < removed.number
        let rest = events.drop { event in
            isByTime ? event.cursor.time < cursor.time : event.cursor.number <= cursor.number
        }
        let page = Array(rest.prefix(limit))
        let end = isOwn && !missed ? cursor : last
        return EventPage(
            events: page, next: page.last?.cursor ?? end, isReset: missed, isRewound: !isOwn && !missed,
            hasMore: rest.count > limit)
    }

    /// Whether the cursor is a position in this log: a time alone always is.
    private func holds(_ cursor: EventCursor) -> Bool {
        if cursor.number == 0 { return true }
        guard cursor.number <= last.number else { return false }
        if cursor.number == last.number { return cursor.time == last.time }
        if cursor.number == removed.number { return cursor.time == removed.time }
        // What was removed before that is not known any more.
        guard cursor.number > removed.number else { return cursor.time <= removed.time }
        return events[Int(cursor.number - removed.number) - 1].cursor.time == cursor.time
    }
}
