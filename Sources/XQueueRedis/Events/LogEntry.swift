#if Redis

import XQueueCore
import XQueueStoreKit

/// An entry of the event log, as packed by `log.lua`.
struct LogEntry {
    /// The cursor of the entry's last event.
    let last: EventCursor
    private let bytes: [UInt8]

    /// - Parameters:
    ///   - id: The entry's ID in the stream, such as `1764000000000-42`.
    ///   - bytes: The packed events.
    init(id: String, bytes: [UInt8]) throws(StoreError) {
        guard let last = EventCursor(id) else { throw Self.damaged }
        self.last = last
        self.bytes = bytes
    }

    /// - Throws: ``StoreError`` if the bytes are damaged.
    func unpack() throws(StoreError) -> [TaskEvent] {
        var reader = PackedReader(bytes)
        var (first, timestamp) = (Int64(0), Timestamp(milliseconds: 0))
        try StoredEvents.entry(&reader, first: &first, at: &timestamp)
        var numbering = try EventNumbering(first: first, last: last, bytes: bytes.count)
        while !reader.isAtEnd {
            let head = try Self.head(&reader, timestamp)
            var size = 0
            try StoredEvents.group(&reader, size: &size)
            for _ in 0..<size { numbering.add(try reader.id(), head) }
        }
        return try numbering.finish()
    }

    private static func head(
        _ reader: inout PackedReader, _ timestamp: Timestamp
    ) throws(StoreError) -> EventBatch.Head {
        var (code, type, worker) = (0, "", String?.none)
        try StoredEvents.kind(&reader, code: &code)
        let change: TaskEvent.Change
        switch EventCode(rawValue: code & ~EventCode.withMetadata) {
        case .status:
            var step = TaskEvent.StatusChange(previous: nil, status: .pending, version: 1, retryCount: 0)
            try StoredEvents.status(&reader, &step, type: &type, worker: &worker)
            change = .status(step)
        case .progress:
            var progress = TaskProgress(percent: 0, message: nil)
            try StoredEvents.progress(&reader, &progress, type: &type, worker: &worker)
            change = .progress(progress)
        case .schedule:
            var text = ""
            try StoredEvents.schedule(&reader, &text, type: &type)
            guard let what = ScheduleChange(text: text) else { throw damaged }
            change = .schedule(what)
        case nil: throw damaged
        }
        var metadata: RawJSON?
        if code & EventCode.withMetadata != 0 {
            var text = ""
            try StoredEvents.metadata(&reader, &text)
            metadata = RawJSON(trusted: text)
        }
        return EventBatch.Head(
            timestamp: timestamp, type: type, workerID: worker, metadata: metadata, change: change)
    }

    private static var damaged: StoreError { EventNumbering.damaged }
}

/// The reply of `events.lua`: a page of the event log, and where the log ends.
struct LogPart {
    let page: EventPage
    /// The cursor of the newest event, if the page is empty.
    let end: EventCursor

    /// - Parameters:
    ///   - reply: The reply of `events.lua`.
    ///   - cursor: The requested cursor.
    ///   - limit: Maximum number of events.
    init(_ reply: RedisReply, after cursor: EventCursor, limit: Int) throws(StoreError) {
        let elements = try reply.elements
        guard elements.count >= 3 else { throw StoreError(.corrupt, "unexpected reply from Redis to events") }
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

    /// Appends the arguments of `events.lua` for the events after `cursor`.
    static func appendArguments(after cursor: EventCursor, limit: Int, to command: inout RedisCommand) {
        let time = max(cursor.time.milliseconds, 0)
        // Every event after a cursor has a later time or a larger number.
        command.append("\(time)-\(UInt64(max(cursor.number, 0)) + 1)")
        command.append(time)
        command.append(max(cursor.number, 0))
        command.append(limit)
    }
}

#endif
