#if Redis

import XQueueCore
import XQueueStoreKit

/// What `events.lua` answers: a page of the event log, and where the log ends.
struct LogPart {
    let page: EventPage
    /// The place after the newest event, if the page holds none.
    let end: EventCursor

    /// - Parameters:
    ///   - cursor: What was asked for.
    ///   - limit: The most events of the page.
    init(_ reply: RedisReply, after cursor: EventCursor, limit: Int) throws(StoreError) {
        let elements = try reply.elements
        guard elements.count >= 3 else { throw StoreError(.corrupt, "Redis answered events oddly") }
        let state = try elements[0].integer
        let (isReset, isRewound) = (state == 1, state == 2)
        let newest = try elements[1].integer
        end = EventCursor(try elements[2].text) ?? .start
        var events: [TaskEvent] = []
        for (id, bytes) in Array(elements.dropFirst(3)).pairs {
            guard events.count < limit else { break }
            let batch = try LogEntry(id: try id.text, bytes: try bytes.bytes).unpack()
            events.append(batch, after: isReset || isRewound ? 0 : cursor.number, limit: limit)
        }
        let isEmptyLog = events.isEmpty && end == .start
        page = EventPage(
            events: events,
            next: events.last?.cursor ?? (isReset || isRewound || isEmptyLog ? end : cursor),
            isReset: isReset, isRewound: isRewound,
            hasMore: events.last.map { $0.cursor.number < newest } ?? false)
    }

    /// The arguments of `events.lua` for the events after `cursor`.
    static func ask(after cursor: EventCursor, limit: Int, in command: inout RedisCommand) {
        let time = max(cursor.time.milliseconds, 0)
        // All that is behind a cursor has a later time, or a larger number.
        command.append("\(time)-\(UInt64(max(cursor.number, 0)) + 1)")
        command.append(time)
        command.append(max(cursor.number, 0))
        command.append(limit)
    }
}

#endif
