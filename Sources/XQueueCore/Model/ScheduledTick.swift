/// Which tick of which schedule a task was submitted for.
public struct ScheduledTick: Sendable, Hashable {
    /// The schedule's name.
    public var schedule: String
    public var tick: Timestamp
    /// The tick that was fired before; nil for the first one.
    public var previousTick: Timestamp?
    /// Whether the task was submitted more than a minute after the tick.
    public var isLate: Bool

    public init(schedule: String, tick: Timestamp, previousTick: Timestamp? = nil, isLate: Bool = false) {
        self.schedule = schedule
        self.tick = tick
        self.previousTick = previousTick
        self.isLate = isLate
    }

    /// All of it as one text, for ``init(text:)``: tick, previous tick or `-`, `late` or `-`, and the name.
    public var text: String {
        "\(tick.milliseconds) \(previousTick.map { "\($0.milliseconds)" } ?? "-") \(isLate ? "late" : "-") \(schedule)"
    }

    /// Parses ``text``; nil if it is something else.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let tick = Int64(parts[0]), !parts[3].isEmpty else { return nil }
        self.init(
            schedule: String(parts[3]), tick: Timestamp(milliseconds: tick),
            previousTick: Int64(parts[1]).map { Timestamp(milliseconds: $0) }, isLate: parts[2] == "late")
    }
}
