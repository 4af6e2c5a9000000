/// The rule for a zone's future: a `TZ` string of POSIX with the extensions of RFC 9636, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneFooter {
    /// A day of each year and a time on it, which may be up to a week before or after that day.
    struct Moment: Equatable {
        enum Day: Equatable {
            /// The day of the year from 1 to 365; 29 February is never counted.
            case julian(Int)
            /// The day of the year from 0 to 365.
            case ordinal(Int)
            /// A weekday of a month; week 5 is the last one.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        let day: Day
        /// Seconds after midnight.
        let time: Int
    }

    /// The offsets of standard and daylight saving time, in seconds east of Greenwich.
    let standard: Int
    private(set) var daylight: Int?
    private(set) var start = Moment(day: .ordinal(0), time: 0)
    private(set) var end = Moment(day: .ordinal(0), time: 0)

    /// - Returns: nil for an empty line.
    init?(line: String) throws(ZoneFile.Malformed) {
        guard !line.isEmpty else { return nil }
        var reader = Reader(line)
        try reader.skipName()
        standard = -(try reader.time(maxHours: 17))
        guard !reader.isAtEnd else { return }
        try reader.skipName()
        daylight =
            reader.isAt(",") ? min(standard + 3600, ZoneRules.maxOffset) : -(try reader.time(maxHours: 17))
        try reader.expect(",")
        start = try reader.moment()
        try reader.expect(",")
        end = try reader.moment()
        guard reader.isAtEnd else { throw Reader.malformed }
    }

    /// The changes of a year, in seconds since 1970, each with the offset from then on. Those at the same second are in the order
    /// in which they take effect: daylight saving time all year ends as it starts again.
    func changes(in year: Int) -> [(at: Int, offset: Int)] {
        guard let daylight else { return [] }
        return [
            (Self.time(of: end, in: year) - daylight, standard),
            (Self.time(of: start, in: year) - standard, daylight),
        ]
    }

    /// The wall time of a moment, as seconds since 1970 if wall time was UTC.
    private static func time(of moment: Moment, in year: Int) -> Int {
        let first = CivilDate(year: year, month: 1, day: 1).dayNumber
        let day: Int
        switch moment.day {
        case .julian(let number): day = first + number - (CivilDate.isLeap(year) && number >= 60 ? 0 : 1)
        case .ordinal(let number): day = first + number
        case .weekday(let month, let week, let weekday):
            let first = CivilDate(year: year, month: month, day: 1).dayNumber
            let to = floorModulo(weekday - CivilDate.weekday(first), 7) + 7 * (week - 1)
            day = first + (to < CivilDate.days(inMonth: month, of: year) ? to : to - 7)
        }
        return day * CivilDate.secondsPerDay + moment.time
    }
}

private struct Reader {
    static let malformed = ZoneFile.Malformed(description: "its last line is invalid")
    private var rest: Substring.UTF8View

    init(_ line: String) {
        rest = line[...].utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    func isAt(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

    mutating func expect(_ character: Unicode.Scalar) throws(ZoneFile.Malformed) {
        guard rest.popFirst() == UInt8(ascii: character) else { throw Self.malformed }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Skips an abbreviation: letters, or anything in angle brackets.
    mutating func skipName() throws(ZoneFile.Malformed) {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { throw Self.malformed }
            rest = rest[rest.index(after: end)...]
            return
        }
        let name = rest.prefix { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 }
        guard name.count >= 3 else { throw Self.malformed }
        rest = rest.dropFirst(name.count)
    }

    mutating func number(_ range: ClosedRange<Int>) throws(ZoneFile.Malformed) -> Int {
        let digits = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        guard 1...4 ~= digits.count else { throw Self.malformed }
        rest = rest.dropFirst(digits.count)
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard range ~= value else { throw Self.malformed }
        return value
    }

    /// Hours, and minutes and seconds if there are any; in seconds.
    mutating func time(maxHours: Int) throws(ZoneFile.Malformed) -> Int {
        let sign = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        var seconds = try number(0...maxHours) * 3600
        if take(":") { seconds += try number(0...59) * 60 }
        if take(":") { seconds += try number(0...59) }
        return sign * seconds
    }

    mutating func moment() throws(ZoneFile.Malformed) -> ZoneFooter.Moment {
        let day: ZoneFooter.Moment.Day
        if take("M") {
            let month = try number(1...12)
            try expect(".")
            let week = try number(1...5)
            try expect(".")
            day = .weekday(month: month, week: week, weekday: try number(0...6))
        } else if take("J") {
            day = .julian(try number(1...365))
        } else {
            day = .ordinal(try number(0...365))
        }
        return ZoneFooter.Moment(day: day, time: take("/") ? try time(maxHours: 167) : 2 * 3600)
    }
}
