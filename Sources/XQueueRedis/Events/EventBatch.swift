#if Redis

import XQueueCore

/// The events of one entry of the log, as `log.lua` packs them.
struct EventBatch {
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
        let first = try reader.integer(width: 6)
        let timestamp = Timestamp(milliseconds: try reader.integer(width: 6))
        guard first > 0, first <= last.number else { throw Self.damaged }
        var events: [TaskEvent] = []
        events.reserveCapacity(min(Int(last.number - first) + 1, bytes.count / TaskID.packedLength))
        var cursor = EventCursor(time: last.time, number: first - 1)
        while !reader.isAtEnd {
            let head = try Self.head(&reader)
            for _ in 0..<(try reader.int(width: 4)) {
                cursor.number += 1
                let id = try reader.id()
                events.append(
                    TaskEvent(
                        cursor: cursor, taskID: id, type: head.type, timestamp: timestamp,
                        workerID: head.workerID, change: head.change))
            }
        }
        guard cursor == last else { throw Self.damaged }
        return events
    }

    private struct Head {
        var type: String
        var workerID: String?
        var change: TaskEvent.Change
    }

    private static func head(_ reader: inout PackedReader) throws(StoreError) -> Head {
        switch EventCode(rawValue: try reader.int(width: 1)) {
        case .status:
            let previous = try reader.int(width: 1)
            guard let status = TaskStatus(code: try reader.int(width: 1)) else { throw damaged }
            var change = TaskEvent.StatusChange(
                previous: previous == EventCode.noStatus ? nil : TaskStatus(code: previous), status: status,
                version: try reader.int(width: 4), retryCount: try reader.int(width: 2))
            let type = try reader.terminated()
            let worker = try reader.terminated().unmarked
            change.error = try reader.text(length: try reader.int(width: 2)).unmarked
            return Head(type: type, workerID: worker, change: .status(change))
        case .progress:
            let percent = try reader.double()
            let type = try reader.terminated()
            let worker = try reader.terminated().unmarked
            let message = try reader.text(length: try reader.int(width: 2)).unmarked
            return Head(
                type: type, workerID: worker,
                change: .progress(TaskProgress(percent: percent, message: message)))
        case nil: throw damaged
        }
    }

    private static var damaged: StoreError { StoreError(.corrupt, "the event log is damaged") }
}

#endif
