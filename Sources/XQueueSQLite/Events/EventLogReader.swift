import GRDB
import XQueueCore
import XQueueStoreKit

/// Reads the event log.
enum EventLogReader {
    static func last(_ db: Database) throws -> EventCursor {
        try edge(db, "SELECT time, number FROM events ORDER BY number DESC LIMIT 1") ?? .start
    }

    /// The oldest event; nil if there is none.
    static func first(_ db: Database) throws -> EventCursor? {
        try edge(db, "SELECT time, first_number FROM events ORDER BY number LIMIT 1")
    }

    static func page(_ db: Database, after cursor: EventCursor, limit: Int) throws -> EventPage {
        let last = try last(db)
        guard let first = try first(db) else {
            return EventPage(
                events: [], next: .start, isReset: false, isRewound: cursor.number > 0, hasMore: false)
        }
        let isOther = try isOfAnotherLog(cursor, first, last, db)
        let place = isOther ? EventCursor(time: cursor.time) : cursor
        let isReset = isBehind(place, first)
        let isRewound = isOther && !isReset
        var next = place
        if isReset {
            next = EventCursor(time: first.time, number: first.number - 1)
        } else if place.number == 0 {
            next.number = try number(before: place.time, db)
        }
        var events: [TaskEvent] = []
        let statement = try PreparedStatement(
            cachedBy: db,
            "SELECT number, first_number, time, batch FROM events WHERE number > ? ORDER BY number")
        statement.bind(1, next.number)
        defer { statement.reset() }
        while events.count < limit, try statement.step(db) {
            let number = statement.integer(0)
            let end = EventCursor(time: Timestamp(milliseconds: statement.integer(2)), number: number)
            let first = statement.integer(1)
            let batch = try statement.withBytes(3) { bytes in
                try EventBatch.unpack(bytes, last: end, first: first)
            }
            events.append(batch, after: next.number, limit: limit)
        }
        next = events.last?.cursor ?? (isReset || isRewound ? last : cursor)
        return EventPage(
            events: events, next: next, isReset: isReset, isRewound: isRewound,
            hasMore: next.number < last.number && !events.isEmpty)
    }

    /// Whether the log has another event under the cursor's number, or does not reach that far.
    private static func isOfAnotherLog(
        _ cursor: EventCursor, _ first: EventCursor, _ last: EventCursor, _ db: Database
    ) throws -> Bool {
        guard cursor.number <= last.number else { return true }
        // Events before the first entry are no longer known.
        guard cursor.number >= first.number else { return false }
        let statement = try PreparedStatement(
            cachedBy: db, "SELECT time FROM events WHERE number >= ? ORDER BY number LIMIT 1")
        statement.bind(1, cursor.number)
        defer { statement.reset() }
        return try statement.step(db) && statement.integer(0) != cursor.time.milliseconds
    }

    /// Whether events after the cursor have been removed.
    private static func isBehind(_ cursor: EventCursor, _ first: EventCursor) -> Bool {
        if cursor.number > 0 { return cursor.number < first.number - 1 }
        return first.number > 1 && cursor.time <= first.time
    }

    /// The number of the last event before `time`: rows are ordered by both, so a binary search finds it.
    private static func number(before time: Timestamp, _ db: Database) throws -> Int64 {
        let statement = try PreparedStatement(
            cachedBy: db,
            "SELECT time, number, first_number FROM events WHERE number >= ? ORDER BY number LIMIT 1")
        var low = max(try Int64.fetchOne(db, sql: "SELECT min(number) FROM events") ?? 0, 0)
        var high = try last(db).number
        var found = high
        while low <= high {
            let middle = low + (high - low) / 2
            statement.bind(1, middle)
            defer { statement.reset() }
            guard try statement.step(db) else { break }
            if statement.integer(0) >= time.milliseconds {
                found = statement.integer(2).subtracting(clamped: 1)
                high = middle - 1
            } else {
                low = statement.integer(1).adding(clamped: 1)
            }
        }
        return found
    }

    private static func edge(_ db: Database, _ sql: String) throws -> EventCursor? {
        try Row.fetchOne(db, sql: sql).map { row in
            // Bounded because code adds and subtracts these numbers.
            guard let number = row[1] as Int64?, 1...Int64(1 << 60) ~= number else {
                throw StoreError(.corrupt, "the events table has an invalid event number")
            }
            return EventCursor(time: Timestamp(milliseconds: row[0]), number: number)
        }
    }
}
