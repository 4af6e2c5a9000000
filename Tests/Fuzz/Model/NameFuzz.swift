import XQueue
import XQueueCore

extension FuzzReader {
    /// RFC 3339 times.
    static let time = FuzzReader("time") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let time = RFC3339Reader.timestamp(text)
        else { return false }
        // An offset may lead out of the years that can be written.
        let writable = -62_167_219_200_000...ModelLimits.latestTime.milliseconds
        let again = RFC3339Reader.timestamp(time.rfc3339)
        let clamped = min(max(time.milliseconds, writable.lowerBound), writable.upperBound)
        try require(again?.milliseconds == clamped, "\(text) is written as \(time.rfc3339)")
        return true
    }

    /// Identifiers of tasks and leases.
    static let identifier = FuzzReader("identifier") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        if let attempt = AttemptID(leaseID: text) {
            try require(attempt.leaseID == text, "two names of lease \(text)")
            return true
        }
        guard let id = TaskID(text) else { return false }
        try require(id.description == text.lowercased(), "\(text) is written as \(id)")
        try require(TaskID(id.description) == id, "not read back: \(id)")
        try require(id.timestamp.milliseconds >= 0, "\(id) is of \(id.timestamp)")
        return true
    }

    /// Cursors of lists and of the event log.
    static let cursor = FuzzReader("cursor") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        if let cursor = TaskCursor(text) {
            try require(cursor.description == text, "two texts of \(text)")
            return true
        }
        guard let cursor = EventCursor(text) else { return false }
        try require(EventCursor(cursor.description) == cursor, "\(text) is written as \(cursor)")
        try require(cursor.time.milliseconds >= 0 && cursor.number >= 0, "a negative \(cursor)")
        return true
    }

    /// `traceparent` and `tracestate`, as stored: joined by a space.
    static let trace = FuzzReader("trace") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self), let trace = TraceContext(text: text) else {
            return false
        }
        try require(TraceContext(text: trace.text) == trace, "not read back: \(trace)")
        try require(
            TraceContext(parent: trace.parent, state: trace.state) == trace, "illegal as headers: \(trace)")
        return true
    }

    /// The note of a transfer between two stores.
    static let transferNote = FuzzReader("transfer-note") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self), let note = TransferNote(text) else {
            return false
        }
        try require(TransferNote(note.description) == note, "not read back: \(note)")
        return true
    }
}
