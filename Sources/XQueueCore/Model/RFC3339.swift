extension Timestamp {
    /// The time as RFC 3339 in UTC with milliseconds, such as `2026-01-31T09:30:00.250Z`.
    ///
    /// Hand-written because every reply carries several times and Foundation's formatter costs more than the
    /// rest of the reply. The calendar arithmetic is Howard Hinnant's `civil_from_days`
    /// (https://howardhinnant.github.io/date_algorithms.html).
    public var rfc3339: String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            write(into: buffer)
        }
    }

    private func write(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let clamped = min(max(milliseconds, Self.firstWritable), Self.lastWritable)
        let days = clamped.flooredQuotient(86_400_000)
        let inDay = clamped - days * 86_400_000
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

        var at = 0
        func digits(_ value: Int64, _ count: Int) {
            var rest = value
            for place in stride(from: at + count - 1, through: at, by: -1) {
                buffer[place] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
            }
            at += count
        }
        func mark(_ character: Unicode.Scalar) {
            buffer[at] = UInt8(truncatingIfNeeded: character.value)
            at += 1
        }
        digits(year, 4)
        mark("-")
        digits(month, 2)
        mark("-")
        digits(day, 2)
        mark("T")
        digits(inDay / 3_600_000, 2)
        mark(":")
        digits(inDay / 60_000 % 60, 2)
        mark(":")
        digits(inDay / 1000 % 60, 2)
        mark(".")
        digits(inDay % 1000, 3)
        mark("Z")
        return at
    }

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z, the range of a four-digit year.
    private static let firstWritable: Int64 = -62_167_219_200_000
    private static let lastWritable: Int64 = 253_402_300_799_999
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

/// Parses times such as `2026-01-31T09:30:00.25+08:00` (RFC 3339, section 5.6).
///
/// Hand-written because Foundation's parser accepts 30 February, 25 o'clock and trailing text, and rejects
/// lower-case `t` and `z` (tested with Swift 6.3).
package struct RFC3339Reader {
    private var rest: Substring.UTF8View

    /// The time, truncated to the millisecond; nil if `text` is anything but exactly one time.
    package static func timestamp(_ text: String) -> Timestamp? {
        var reader = RFC3339Reader(rest: text[...].utf8)
        return reader.timestamp()
    }

    private mutating func timestamp() -> Timestamp? {
        guard let year = digits(4), skip("-"), let month = digits(2), 1...12 ~= month, skip("-"),
            let day = digits(2), day >= 1, day <= Self.days(in: month, of: year),
            skip("T", "t"), let hour = digits(2), hour < 24, skip(":"), let minute = digits(2), minute < 60,
            skip(":"), let second = digits(2), second <= 60,
            let fraction = milliseconds(), let offset = offsetMinutes(), rest.isEmpty
        else { return nil }
        let days = Self.daysSinceEpoch(year, month, day)
        let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
        return Timestamp(milliseconds: seconds * 1000 + fraction)
    }

    private mutating func skip(_ marks: Unicode.Scalar...) -> Bool {
        guard let byte = rest.first, marks.contains(Unicode.Scalar(byte)) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func digits(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let byte = rest.first, 0x30...0x39 ~= byte else { return nil }
            value = value * 10 + Int64(byte - 0x30)
            rest.removeFirst()
        }
        return value
    }

    private mutating func milliseconds() -> Int64? {
        guard skip(".") else { return 0 }
        guard let first = digits(1) else { return nil }
        var value = first * 100
        var unit: Int64 = 10
        while let digit = digits(1) {
            value += digit * unit
            unit /= 10
        }
        return value
    }

    private mutating func offsetMinutes() -> Int64? {
        if skip("Z", "z") { return 0 }
        let sign: Int64 = rest.first == UInt8(ascii: "-") ? -1 : 1
        guard skip("+", "-"), let hours = digits(2), hours < 24, skip(":"),
            let minutes = digits(2), minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Howard Hinnant's `days_from_civil` (https://howardhinnant.github.io/date_algorithms.html), for
    /// years from 0.
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years begin in March here, so that the leap day comes last; adding 400 keeps them positive.
        let shiftedYear = (month <= 2 ? year - 1 : year) + 400
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear % 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return (era - 1) * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
