import XQueueCore

/// Durations as people write them: `500ms`, `30s`, `1.5s`, `10m`, `2h`, `7d`, or a bare number of seconds.
enum DurationText {
    /// Longest unit first, as ``format(_:)`` needs them.
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// The duration, to the millisecond; nil unless `text` is one that is not negative.
    static func parse(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = text.dropFirst(digits.count)
        let unit: Int64?
        if suffix.isEmpty {
            unit = 1000
        } else {
            unit = units.first { $0.suffix == suffix }?.milliseconds
        }
        guard let unit, digits.first?.isNumber == true, digits.last?.isNumber == true,
            let number = Double(digits)
        else { return nil }
        let milliseconds = (number * Double(unit)).rounded()
        // A Double counts milliseconds exactly up to 2^53.
        guard milliseconds <= 0x1p53 else { return nil }
        return .milliseconds(Int64(milliseconds))
    }

    /// The duration in the largest unit that leaves no fraction.
    static func format(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        guard milliseconds != 0 else { return "0s" }
        let unit = units.first { milliseconds % $0.milliseconds == 0 }
        return "\(milliseconds / (unit?.milliseconds ?? 1))\(unit?.suffix ?? "ms")"
    }
}
