import Testing
import XQueueCore
import XQueueStoreKit
import XQueueTesting

@Suite("Event batch") struct EventBatchTests {
    private static let time = Timestamp(milliseconds: 1_764_000_000_000)

    private static func heads() -> [EventBatch.Head] {
        let error = String(repeating: "\u{1F680}\u{0}\"", count: 20)
        let changes: [(String, String?, TaskEvent.Change)] = [
            ("a", nil, .status(.init(previous: nil, status: .pending, version: 1))),
            ("a", "node-1", .status(.init(previous: .pending, status: .processing, version: 2))),
            ("b", "node-1", .progress(TaskProgress(percent: 12.5, message: "half “done”"))),
            ("b", "", .progress(TaskProgress(percent: 0, message: nil))),
            (
                "b", nil,
                .schedule(ScheduleChange(schedule: "nightly é", outcome: .missed, tick: time, count: 7))
            ),
            (
                "ü", "node-2",
                .status(
                    .init(previous: .processing, status: .failed, version: 9, retryCount: 3, error: error))
            ),
        ]
        return changes.map { EventBatch.Head(timestamp: time, type: $0.0, workerID: $0.1, change: $0.2) }
    }

    /// Two tasks for each head.
    private static func batch() -> (batch: EventBatch, events: [TaskEvent], last: EventCursor) {
        let ids = TaskIDGenerator()
        var batch = EventBatch()
        var events: [TaskEvent] = []
        for head in heads() {
            for _ in 0..<2 {
                let id = ids.next()
                batch.add(id, head)
                events.append(
                    TaskEvent(
                        cursor: EventCursor(time: time, number: Int64(events.count + 41)), taskID: id,
                        type: head.type, timestamp: head.timestamp, workerID: head.workerID,
                        change: head.change))
            }
        }
        return (batch, events, EventCursor(time: time, number: 52))
    }

    private static func unpack(
        _ bytes: [UInt8], last: EventCursor, first: Int64
    ) throws(StoreError) -> [TaskEvent] {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(StoreError) in try EventBatch.unpack(bytes, last: last, first: first) }
        }
        return try result.get()
    }

    @Test("Round-trips with numbers, and is smaller than its events encoded one by one") func roundTrip()
        throws
    {
        var (batch, events, last) = Self.batch()
        #expect(batch.count == 12)
        #expect(try Self.unpack(batch.bytes, last: last, first: 41) == events)
        var single = EventBatch()
        single.add(events[0].taskID, Self.heads()[0])
        #expect(batch.bytes.count < 12 * single.bytes.count + 500)
        batch.removeAll()
        #expect(batch.count == 0 && batch.bytes.isEmpty)
        batch.add(events[0].taskID, Self.heads()[0])
        #expect(batch.bytes == single.bytes)
    }

    @Test("A truncated batch or a wrong event count is reported as corrupt") func damaged() {
        let (batch, _, last) = Self.batch()
        for count in 0..<batch.bytes.count {
            #expect(throws: StoreError.self) {
                try Self.unpack(Array(batch.bytes.prefix(count)), last: last, first: 41)
            }
        }
        for first in [Int64.min, 0, 40, 42, 53, .max] {
            let error = #expect(throws: StoreError.self) {
                try Self.unpack(batch.bytes, last: last, first: first)
            }
            #expect(error?.code == .corrupt)
        }
    }

    @Test("Reading arbitrary bytes terminates") func anything() {
        let (batch, _, last) = Self.batch()
        let random = SeededRandomSource(seed: 7)
        for _ in 0..<2000 {
            var bytes = batch.bytes
            bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            // Both outcomes are valid: changed text is still text.
            _ = try? Self.unpack(bytes, last: last, first: 41)
        }
    }

    @Test("A page takes only what it needs from a batch") func pages() {
        let (_, events, _) = Self.batch()
        var page: [TaskEvent] = []
        page.append(events, after: 45, limit: 3)
        #expect(page.map(\.cursor.number) == [46, 47, 48])
        page.append(events, after: 45, limit: 3)
        #expect(page.count == 3)
        page.append(events, after: 0, limit: 0)
        #expect(page.count == 3)
    }
}
