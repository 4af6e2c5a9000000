/// Reads a durable log again, from a given place to its current end, without affecting the nodes that feed from
/// it.
///
/// Intended for one caller, in this order: ``open(from:part:)``, ``read(limit:)`` until it returns nothing,
/// ``close()``. ``ended()`` may be called at any time before the close.
public protocol IntakeArchive: Sendable {
    /// Finds the records to read.
    ///
    /// - Parameters:
    ///   - start: Where to start in each part.
    ///   - part: The number of the only part to read; nil for all.
    /// - Throws: ``IntakeError``, with code `invalid` if there is no such part.
    func open(from start: IntakeStart, part: Int32?) async throws(IntakeError) -> [IntakeSpan]

    /// Returns the next records, at most `limit`; none at the end.
    func read(limit: Int) async throws(IntakeError) -> [IntakeRecord]

    /// Returns the tasks that the log records as ended; nil if it is not configured to record them.
    func ended() async throws(IntakeError) -> Set<TaskID>?

    /// Closes the log.
    func close() async
}

/// Where to start reading a log.
public enum IntakeStart: Sendable, Hashable {
    /// The first record not written before this time, in every part.
    case time(Timestamp)
    /// This position in every part, or the oldest remaining record.
    case position(Int64)
}

/// The records of one part of a log, from `start` up to but excluding `end`, as far as known beforehand: there
/// may be a few more.
public struct IntakeSpan: Sendable, Hashable {
    /// The part's number.
    public var part: Int32
    public var start: Int64
    public var end: Int64

    public init(part: Int32, start: Int64, end: Int64) {
        self.part = part
        self.start = start
        self.end = end
    }

    /// Number of positions; there may be fewer records.
    public var count: Int64 {
        let (count, overflow) = end.subtractingReportingOverflow(start)
        return overflow ? (end < start ? 0 : .max) : max(count, 0)
    }
}

extension [IntakeSpan] {
    /// Number of positions of all spans, clamped to `Int64`.
    package var positions: Int64 {
        reduce(0) { sum, span in
            let (next, overflow) = sum.addingReportingOverflow(span.count)
            return overflow ? .max : next
        }
    }
}
