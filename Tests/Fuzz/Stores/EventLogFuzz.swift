import XQueueCore
import XQueueStoreKit

@testable import XQueueRedis

extension FuzzReader {
    /// A batch of the event log. Packed again, it holds the same events.
    static let eventBatch = FuzzReader("event-batch") { bytes in
        var input = FuzzInput(bytes)
        let last = EventCursor(time: moment, number: first + Int64(input.byte()))
        guard let events = try? unpack(Array(input.rest), last: last) else { return false }
        try checkEvents(events, last: last)
        return true
    }

    #if Redis
    /// An entry of the event log in Redis, which holds what a batch can hold.
    static let redisEvents = FuzzReader("redis-events") { bytes in
        var input = FuzzInput(bytes)
        let extra = Int64(input.byte())
        // The first event's number, which the entry begins with.
        let first = input.rest.prefix(6).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let last = EventCursor(time: moment, number: first + extra)
        let packed = Array(input.rest)
        guard let events = try? LogEntry(id: last.description, bytes: packed).unpack() else { return false }
        try checkEvents(events, last: last)
        let reply = RedisReply.array([
            .integer(0), .integer(last.number), .bytes(Array("\(last)".utf8)), .bytes(Array("\(last)".utf8)),
            .bytes(packed),
        ])
        let page = try LogPart(reply, after: EventCursor(time: moment, number: first), limit: 10).page
        try require(page.events.count == min(events.count - 1, 10), "\(page.events.count) events on a page")
        return true
    }
    #endif

    private static let moment = Timestamp(milliseconds: 1_764_000_000_000)
    private static let first: Int64 = 5

    private static func unpack(
        _ bytes: [UInt8], last: EventCursor, first: Int64 = FuzzReader.first
    ) throws(StoreError) -> [TaskEvent] {
        // `withUnsafeBytes` does not rethrow typed errors.
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(StoreError) in try EventBatch.unpack(bytes, last: last, first: first) }
        }.get()
    }

    private static func checkEvents(_ events: [TaskEvent], last: EventCursor) throws {
        let start = last.number - Int64(events.count) + 1
        try require(events.map(\.cursor.number) == Array(start..<last.number + 1), "numbered with gaps")
        var batch = EventBatch()
        for event in events {
            batch.add(
                event.taskID,
                EventBatch.Head(
                    timestamp: event.timestamp, type: event.type, workerID: event.workerID,
                    metadata: event.metadata, change: event.change))
        }
        try require(
            (try? unpack(batch.bytes, last: last, first: start)) == events, "changed by packing them again")
    }
}
