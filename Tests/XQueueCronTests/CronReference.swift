@testable import XQueueCron

/// A random expression, and its ticks by walking over all minutes: slow, but obviously right.
struct CronReference {
    static let zones = [
        "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago",
        "America/Sao_Paulo",
        "Pacific/Apia", "Europe/Dublin", "Asia/Kolkata", "Antarctica/Troll", "Africa/Casablanca",
        "America/Havana",
    ]
    private static let minute = 60
    private static let largestChange = 3 * 3600

    /// A field's text, and the values it stands for.
    private struct Field {
        var text: String
        var values: Set<Int>
        var isStar: Bool { text.hasPrefix("*") }
    }

    private let zone: ZoneRules
    private let minutes: Field
    private let hours: Field
    private let days: Field
    private let months: Field
    private let weekdays: Field
    /// nil for that of the expression.
    let policy: ClockChangePolicy?

    init(_ zone: ZoneRules, _ dice: inout SplitMix) {
        self.zone = zone
        minutes = Self.field(0...59, &dice)
        hours = Bool.random(using: &dice) ? Self.field(0...4, upTo: 23, &dice) : Self.field(0...23, &dice)
        days = Self.field(1...31, &dice)
        months = Bool.random(using: &dice) ? Field(text: "*", values: Set(1...12)) : Self.field(1...12, &dice)
        weekdays = Self.field(0...6, &dice)
        policy =
            Bool.random(using: &dice)
            ? nil
            : ClockChangePolicy(
                gap: ClockChangePolicy.Gap.allCases.randomElement(using: &dice) ?? .skip,
                fold: ClockChangePolicy.Fold.allCases.randomElement(using: &dice) ?? .both)
    }

    private static func field(_ range: ClosedRange<Int>, upTo end: Int? = nil, _ dice: inout SplitMix)
        -> Field
    {
        let end = end ?? range.upperBound
        switch Int.random(in: 0..<10, using: &dice) {
        case 0...2: return Field(text: "*", values: Set(range.lowerBound...end))
        case 3:
            let step = Int.random(in: 1...min(end - range.lowerBound, 20), using: &dice)
            return Field(
                text: "*/\(step)", values: Set(stride(from: range.lowerBound, through: end, by: step)))
        case 4...5:
            let low = Int.random(in: range, using: &dice)
            let high = Int.random(in: low...range.upperBound, using: &dice)
            let step = Int.random(in: 1...max(1, min(4, high - low)), using: &dice)
            return Field(
                text: "\(low)-\(high)/\(step)", values: Set(stride(from: low, through: high, by: step)))
        default:
            let values = (0..<Int.random(in: 1...3, using: &dice)).map { _ in
                Int.random(in: range, using: &dice)
            }
            return Field(text: values.map { "\($0)" }.joined(separator: ","), values: Set(values))
        }
    }

    var text: String { [minutes, hours, days, months, weekdays].map(\.text).joined(separator: " ") }

    private var actualPolicy: ClockChangePolicy {
        let repeats = minutes.isStar || hours.isStar || minutes.values.count == 60 || hours.values.count == 24
        return policy ?? ClockChangePolicy(gap: repeats ? .skip : .shift, fold: repeats ? .both : .first)
    }

    /// Whether a wall time, in seconds as of UTC, matches.
    private func matches(_ wall: Int) -> Bool {
        let number = floorDivide(wall, 86_400)
        let second = wall - number * 86_400
        guard minutes.values.contains(second / 60 % 60), hours.values.contains(second / 3600) else {
            return false
        }
        let date = CivilDate(dayNumber: number)
        guard months.values.contains(date.month) else { return false }
        let byDate = days.values.contains(date.day)
        let byWeekday = weekdays.values.contains(CivilDate.weekday(number))
        return days.isStar || weekdays.isStar ? byDate && byWeekday : byDate || byWeekday
    }

    func ticks(after start: Int, until end: Int) -> [Int] {
        let policy = actualPolicy
        var ticks: [Int] = []
        var time = (floorDivide(start, Self.minute) + 1) * Self.minute
        while time < end {
            let (before, offset) = (zone.offset(at: time - Self.minute), zone.offset(at: time))
            if policy.gap == .shift, offset > before, offset - before < Self.largestChange,
                stride(from: time + before, to: time + offset, by: Self.minute).contains(where: matches)
            {
                ticks.append(time)
            }
            if ticks.last != time, matches(time + offset), isWanted(time, offset, policy.fold) {
                ticks.append(time)
            }
            time += Self.minute
        }
        return ticks
    }

    /// Whether that one of a wall time's occurrences is wanted.
    private func isWanted(_ time: Int, _ offset: Int, _ fold: ClockChangePolicy.Fold) -> Bool {
        let others = stride(from: -Self.largestChange + Self.minute, to: Self.largestChange, by: Self.minute)
        switch fold {
        case .both: return true
        case .first: return !others.contains { $0 < 0 && zone.offset(at: time + $0) + $0 == offset }
        case .last: return !others.contains { $0 > 0 && zone.offset(at: time + $0) + $0 == offset }
        }
    }
}

/// Sebastiano Vigna's generator (https://prng.di.unimi.it/splitmix64.c).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
