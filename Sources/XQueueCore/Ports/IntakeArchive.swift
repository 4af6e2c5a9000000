/// Reads a durable log once more, from some place to where it ends now. The nodes that feed from it notice
/// nothing.
///
/// The calls are made by one caller, in this order: ``open(from:part:)``, ``read(limit:)`` until it gives
/// nothing, ``close()``. ``ended()`` may be asked at any time before the end.
public protocol IntakeArchive: Sendable {
    /// Finds the records to read.
    ///
    /// - Parameters:
    ///   - start: From where in each part.
    ///   - part: The number of the only part of the log to read; nil for all.
    /// - Throws: ``IntakeError``, of code `invalid` if there is no such part.
    func open(from start: IntakeStart, part: Int32?) async throws(IntakeError) -> [IntakeSpan]

    /// The next records, `limit` at most; none at the end.
    func read(limit: Int) async throws(IntakeError) -> [IntakeRecord]

    /// The tasks that have ended, as the log remembers; nil if it was not told to remember.
    func ended() async throws(IntakeError) -> Set<TaskID>?

    /// Lets go of the log.
    func close() async
}

/// From where a log is read.
public enum IntakeStart: Sendable, Hashable {
    /// The first record that was not written before this time, in every part.
    case time(Timestamp)
    /// This position in every part, or the oldest record that is left.
    case position(Int64)
}

/// The records of one part of a log, from `start` up to but not including `end`, as far as the log tells
/// beforehand: there may be a few more.
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

    /// How many positions it has; there may be fewer records.
    public var count: Int64 {
        let (count, isTooMuch) = end.subtractingReportingOverflow(start)
        return isTooMuch ? (end < start ? 0 : .max) : max(count, 0)
    }
}

extension [IntakeSpan] {
    /// How many positions all of them have; at most what an `Int64` holds.
    package var positions: Int64 {
        reduce(0) { sum, span in
            let (next, isTooMuch) = sum.addingReportingOverflow(span.count)
            return isTooMuch ? .max : next
        }
    }
}
