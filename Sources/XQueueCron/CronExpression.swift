/// When a schedule fires, by the fields of `cron`: seconds (optional), minutes, hours, days of the month, months and days of
/// the week.
///
/// As in Vixie's cron, a day matches if it matches either day field, unless one of them begins with `*`: then it must match both.
public struct CronExpression: Sendable, Hashable {
    /// Why an expression is invalid.
    public struct Mistake: Error, Sendable, Hashable, CustomStringConvertible {
        /// The field, such as `minute`; nil if the expression as a whole is at fault.
        public let field: String?
        public let message: String

        public var description: String { field.map { "\($0): \(message)" } ?? message }
    }

    /// The days of the week by their place in the month.
    struct Weekdays: Sendable, Hashable {
        /// Bits 0 (Sunday) to 6: every week.
        var every: UInt8 = 0
        /// For each weekday, bits 1 to 5: its first to fifth in the month.
        var numbered: [UInt8] = Array(repeating: 0, count: 7)
        /// Bits 0 to 6: the last in the month.
        var last: UInt8 = 0
    }

    /// As it was given, with single spaces between the fields.
    public let text: String
    var seconds: UInt64 = 1
    var minutes: UInt64 = 0
    var hours: UInt64 = 0
    /// Bits 1 to 31.
    var days: UInt64 = 0
    var hasLastDay = false
    /// Bits 1 to 12.
    var months: UInt64 = 0
    var weekdays = Weekdays()
    /// Whether a day must match both day fields.
    var joinsDays = false
    /// Whether its minute or hour begins with `*`, begins with an `H/n` of several values, or allows every value: it follows
    /// real time when clocks are changed.
    public internal(set) var isRepeating = false

    /// The day of the month's matches in a month, as bits 1 to 31.
    func days(in month: Int, of year: Int) -> UInt64 {
        let count = CivilDate.days(inMonth: month, of: year)
        let first = CivilDate.weekday(CivilDate(year: year, month: month, day: 1).dayNumber)
        var byDate = days & ((1 << UInt64(count + 1)) - 2)
        if hasLastDay { byDate |= 1 << UInt64(count) }
        var byWeekday: UInt64 = 0
        for weekday in 0..<7 {
            let bit: UInt8 = 1 << UInt8(weekday)
            var day = 1 + floorModulo(weekday - first, 7)
            var number = 1
            while day <= count {
                if weekdays.every & bit != 0 || weekdays.numbered[weekday] & (1 << UInt8(number)) != 0
                    || weekdays.last & bit != 0 && day + 7 > count
                {
                    byWeekday |= 1 << UInt64(day)
                }
                day += 7
                number += 1
            }
        }
        return joinsDays ? byDate & byWeekday : byDate | byWeekday
    }
}

extension CronExpression {
    /// How far ahead to look: 29 February on a given weekday may be 40 years away.
    private static let searchYears = 41

    /// The first matching time at or after `time`, both in seconds since 1970 by the wall clock; nil for never.
    func next(from time: Int) -> Int? {
        let today = floorDivide(time, CivilDate.secondsPerDay)
        var date = CivilDate(dayNumber: today)
        let lastYear = date.year + Self.searchYears
        var earliest = time - today * CivilDate.secondsPerDay
        while date.year <= lastYear {
            if months & (1 << UInt64(date.month)) != 0 {
                var left = Self.clear(days(in: date.month, of: date.year), below: date.day)
                while left != 0 {
                    let day = left.trailingZeroBitCount
                    if day > date.day { earliest = 0 }
                    if let seconds = secondOfDay(from: earliest) {
                        let number = CivilDate(year: date.year, month: date.month, day: day).dayNumber
                        return number * CivilDate.secondsPerDay + seconds
                    }
                    left &= left - 1
                    earliest = 0
                }
            }
            earliest = 0
            date = CivilDate(
                year: date.month == 12 ? date.year + 1 : date.year,
                month: date.month == 12 ? 1 : date.month + 1, day: 1)
        }
        return nil
    }

    /// The first match within a day, at or after that second of it.
    private func secondOfDay(from time: Int) -> Int? {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
        guard let nextHour = Self.bit(in: hours, from: hour) else { return nil }
        if nextHour > hour { return nextHour * 3600 + firstSecondOfHour }
        if let nextMinute = Self.bit(in: minutes, from: minute) {
            if nextMinute > minute { return hour * 3600 + nextMinute * 60 + firstSecond }
            if let nextSecond = Self.bit(in: seconds, from: second) {
                return hour * 3600 + minute * 60 + nextSecond
            }
            if let later = Self.bit(in: minutes, from: minute + 1) {
                return hour * 3600 + later * 60 + firstSecond
            }
        }
        return Self.bit(in: hours, from: hour + 1).map { $0 * 3600 + firstSecondOfHour }
    }

    private var firstSecond: Int { seconds.trailingZeroBitCount }
    private var firstSecondOfHour: Int { minutes.trailingZeroBitCount * 60 + firstSecond }

    /// The bits of a mask from one on.
    private static func clear(_ mask: UInt64, below bit: Int) -> UInt64 {
        (mask >> UInt64(bit)) << UInt64(bit)
    }

    private static func bit(in mask: UInt64, from bit: Int) -> Int? {
        let left = clear(mask, below: bit)
        return left == 0 ? nil : left.trailingZeroBitCount
    }
}
