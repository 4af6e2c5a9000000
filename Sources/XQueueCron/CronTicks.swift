/// What happens to ticks at wall times that do not exist or exist twice, when clocks are changed.
public struct ClockChangePolicy: Sendable, Hashable {
    /// For times that do not exist.
    public enum Gap: String, Sendable, Hashable, CaseIterable {
        /// One tick at the end of the gap.
        case shift
        case skip
    }

    /// For times that exist twice.
    public enum Fold: String, Sendable, Hashable, CaseIterable {
        case first, last, both
    }

    public var gap: Gap
    public var fold: Fold

    public init(gap: Gap, fold: Fold) {
        self.gap = gap
        self.fold = fold
    }

    /// By the rule of Debian's cron: what repeats within a day follows real time, and anything else keeps each of its wall times
    /// once.
    public static func automatic(for expression: CronExpression) -> ClockChangePolicy {
        expression.isRepeating
            ? ClockChangePolicy(gap: .skip, fold: .both) : ClockChangePolicy(gap: .shift, fold: .first)
    }
}

/// The ticks of a cron expression in a time zone. Times are in whole seconds since 1970.
public struct CronTicks: Sendable {
    public let expression: CronExpression
    public let zone: ZoneRules
    public let policy: ClockChangePolicy

    /// A larger change of the clocks is a change of the date, such as that of Apia in 2011, and no daylight saving time: times
    /// that do not exist are skipped then, and others count twice.
    private static let maxChange = 3 * 3600
    private static let twoDays = 2 * CivilDate.secondsPerDay
    /// The calendar and the rules of zones repeat after so many seconds: 400 years.
    private static let cycle = 146_097 * CivilDate.secondsPerDay
    /// Further away than any time that is asked for.
    private static let farAway = 1 << 50

    /// - Parameter policy: nil for ``ClockChangePolicy/automatic(for:)``.
    public init(_ expression: CronExpression, in zone: ZoneRules, policy: ClockChangePolicy? = nil) {
        self.expression = expression
        self.zone = zone
        self.policy = policy ?? .automatic(for: expression)
    }

    /// The first tick after `time`; nil for never, as if all matches are at times that are skipped.
    public func next(after time: Int) -> Int? {
        guard abs(max(time, -Int.max)) < Self.farAway else { return nil }
        var segment = zone.segment(at: time)
        // By the wall clock, from here on.
        var from = time + segment.offset + 1
        let limit = from + Self.cycle
        while from < limit {
            if policy.fold == .first, isChange(segment.previous - segment.offset) {
                from = max(from, segment.start + segment.previous)
            }
            let isLastWanted = policy.fold == .last && isChange(segment.offset - segment.next)
            let end = segment.end + (isLastWanted ? segment.next : segment.offset)
            guard let hit = expression.next(from: from) else { return nil }
            if hit < end { return hit - segment.offset }
            if policy.gap == .shift, isChange(segment.next - segment.offset),
                segment.end + segment.offset..<segment.end + segment.next ~= hit
            {
                return segment.end
            }
            // No change moves the clocks by two days, so nothing is between.
            let repeats = segment.next < segment.offset && from > segment.end + segment.next
            let start = repeats ? segment.end : max(segment.end, hit - segment.offset - Self.twoDays)
            segment = zone.segment(at: start)
            from = start + segment.offset
        }
        return nil
    }

    private func isChange(_ seconds: Int) -> Bool { 0 < seconds && seconds < Self.maxChange }
}
