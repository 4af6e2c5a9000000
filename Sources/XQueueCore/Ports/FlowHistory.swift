/// How often each thing happened in each of the last whole seconds, as far back as the store knows: a second it knows
/// nothing of is not in it.
public struct FlowHistory: Sendable, Hashable {
    /// The most seconds a store tells of: with the present one they make the last minute.
    public static let longest = 59

    /// When the first second began; a whole second since 1970.
    public var start: Timestamp
    /// One entry a second, in order and without gaps.
    public var seconds: [FlowCounts]

    public init(start: Timestamp = Timestamp(milliseconds: 0), seconds: [FlowCounts] = []) {
        self.start = start
        self.seconds = seconds
    }
}

extension Timestamp {
    /// Whole seconds since 1970, rounded down.
    package var wholeSeconds: Int64 {
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
