import GRDB
public import XQueueCore
import XQueueStoreKit

extension SQLiteStore {
    public func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage {
        let deadline = clock.instant() + waiting
        while true {
            let seen = eventBell.rings
            let page = try await read { db in
                try EventLogReader.page(db, after: cursor, limit: limit)
            }
            let isDue = clock.instant() >= deadline || Task.isCancelled
            if !page.events.isEmpty || page.isReset || page.isRewound || isDue {
                return page
            }
            await eventBell.wait(past: seen, until: deadline, clock: clock)
        }
    }

    public func lastEvent() async throws(StoreError) -> EventCursor {
        try await read { db in try EventLogReader.last(db) }
    }

    public func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor {
        try await read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT time, number FROM sinks WHERE name = ?", arguments: [sink])
            return row.map { EventCursor(time: Timestamp(milliseconds: $0[0]), number: $0[1]) } ?? .start
        }
    }

    public func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool {
        guard try nodeBook.has(.sink(sink), nodeID) else { return false }
        try await writer.run { session in
            try session.db.execute(
                sql: """
                    INSERT INTO sinks (name, time, number) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET time = excluded.time, number = excluded.number
                    """,
                arguments: [sink, cursor.time.milliseconds, cursor.number])
        }
        return true
    }
}
