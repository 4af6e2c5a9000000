#if Redis

import XQueueCore
import XQueueStoreKit

/// The events of one entry of the log, as `log.lua` packs them.
struct LogEntry {
    /// The place of the entry's last event.
    let last: EventCursor
    private let bytes: [UInt8]

    /// - Parameter id: The entry's place in the stream: `1764000000000-42`.
    init(id: String, bytes: [UInt8]) throws(StoreError) {
        guard let last = EventCursor(id) else { throw Self.damaged }
        self.last = last
        self.bytes = bytes
    }

    /// - Throws: ``StoreError`` if the bytes are not what a script packs.
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

#endif
