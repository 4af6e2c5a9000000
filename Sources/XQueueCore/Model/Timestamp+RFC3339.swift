extension Timestamp {
    /// The time as RFC 3339 in UTC with milliseconds, such as `2026-01-31T09:30:00.250Z`.
    ///
    /// Written by hand because every reply carries several of them and Foundation's formatter costs
    /// more than the rest of the reply. The calendar arithmetic is Howard Hinnant's `civil_from_days`
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

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z, all that four digits of a year can say.
    private static let firstWritable: Int64 = -62_167_219_200_000
    private static let lastWritable: Int64 = 253_402_300_799_999
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
