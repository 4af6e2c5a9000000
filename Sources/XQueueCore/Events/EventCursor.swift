/// A position in the event log: after one event and before all later ones.
///
/// Clients see it as opaque text, `1764000000000-42`. The time alone, `1764000000000`, is the position before
/// the first event of that millisecond.
public struct EventCursor: Sendable, Hashable, Comparable {
    /// When the event was written, by the store's clock; never earlier than the event before it.
    public var time: Timestamp
    /// The event's number in the log: from 1, without gaps.
    public var number: Int64

    public init(time: Timestamp, number: Int64 = 0) {
        self.time = time
        self.number = number
    }

    /// The position before the first event.
    public static let start = EventCursor(time: Timestamp(milliseconds: 0))

    public static func < (lhs: EventCursor, rhs: EventCursor) -> Bool {
        (lhs.time, lhs.number) < (rhs.time, rhs.number)
    }
}

extension EventCursor: LosslessStringConvertible {
    public var description: String { "\(time.milliseconds)-\(number)" }

    /// Nil unless the text is one or two unsigned whole numbers joined by `-`.
    public init?(_ description: String) {
        let parts = description.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let time = Self.whole(parts[0]) else { return nil }
        var number: Int64 = 0
        if parts.count == 2 {
            guard let second = Self.whole(parts[1]) else { return nil }
            number = second
        }
        self.init(time: Timestamp(milliseconds: time), number: number)
    }

    private static func whole(_ text: Substring) -> Int64? {
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
        return Int64(text)
    }
}
