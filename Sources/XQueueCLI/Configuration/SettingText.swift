import XQueueCore

/// Human-readable durations: `500ms`, `30s`, `1.5s`, `10m`, `1h30m`, `7d`, or a bare number of seconds.
enum DurationText {
    /// Longest unit first, the order of the parts of a duration.
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Parses a duration, to the millisecond; returns nil if `text` is not one or is negative. Each part must have a
    /// smaller unit than the one before it, and only the last may have a fraction.
    static func parse(_ text: String) -> Duration? {
        if let seconds = number(text[...]) { return duration(seconds * 1000) }
        var rest = text[...]
        var units = Self.units[...]
        var milliseconds = 0.0
        repeat {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let suffix = rest.prefix { !$0.isNumber }
            rest = rest.dropFirst(suffix.count)
            guard let value = number(digits), let unit = units.firstIndex(where: { $0.suffix == suffix }),
                rest.isEmpty || !digits.contains(".")
            else { return nil }
            milliseconds += value * Double(units[unit].milliseconds)
            units = units[(unit + 1)...]
        } while !rest.isEmpty
        return duration(milliseconds)
    }

    private static func number(_ digits: Substring) -> Double? {
        guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), digits.first?.isNumber == true,
            digits.last?.isNumber == true
        else { return nil }
        return Double(digits)
    }

    private static func duration(_ milliseconds: Double) -> Duration? {
        let rounded = milliseconds.rounded()
        // A Double counts milliseconds exactly up to 2^53.
        guard rounded <= 0x1p53 else { return nil }
        return .milliseconds(Int64(rounded))
    }

    /// Formats the duration in whole units, largest first: `1h30m`.
    static func format(_ duration: Duration) -> String {
        var rest = duration.wholeMilliseconds
        guard rest != 0 else { return "0s" }
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.suffix)"
            rest %= unit.milliseconds
        }
        return text
    }
}

/// Human-readable sizes: `512`, `64KiB`, `1MiB`, `2GiB`, and `KB`, `MB`, `GB` in powers of ten.
enum ByteSizeText {
    /// Binary units first, largest first, as ``format(_:)`` needs them.
    private static let units: [(suffix: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000),
    ]

    /// Returns the number of bytes; nil unless `text` is a whole number with one of the units, in either case.
    static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count).lowercased()
        let unit = suffix.isEmpty ? 1 : units.first { $0.suffix.lowercased() == suffix }?.bytes
        guard let unit, let number = Int(digits) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }

    /// Formats the size in the largest binary unit that leaves no fraction.
    static func format(_ bytes: Int) -> String {
        guard bytes != 0 else { return "0" }
        let unit = units.first { $0.bytes <= bytes && bytes % $0.bytes == 0 }
        return "\(bytes / (unit?.bytes ?? 1))\(unit?.suffix ?? "B")"
    }
}

/// Masks possible passwords in displayed text.
enum PasswordText {
    /// Masks everything that may be a user or password in one or more addresses such as `scheme://user:password@host`.
    /// Passwords may contain any of an address's separators, so all up to the last `@` is masked.
    static func hidden(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        return scheme(of: text) + "(set)" + text[at...]
    }

    private static func scheme(of text: String) -> Substring {
        guard let end = text.firstRange(of: "://") else { return "" }
        let isScheme = text[..<end.lowerBound].utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isScheme ? text[..<end.upperBound] : ""
    }
}
