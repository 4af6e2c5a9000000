/// Sizes as people write them: `512`, `64KiB`, `1MiB`, `2GiB`, and `KB`, `MB`, `GB` in powers of ten.
enum ByteSizeText {
    /// Largest binary unit first, as ``format(_:)`` needs them.
    private static let units: [(suffix: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000),
    ]

    /// The number of bytes; nil unless `text` is a whole number with one of the units, in either case.
    static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count).lowercased()
        let unit = suffix.isEmpty ? 1 : units.first { $0.suffix.lowercased() == suffix }?.bytes
        guard let unit, let number = Int(digits) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }

    /// The size in the largest binary unit that leaves no fraction.
    static func format(_ bytes: Int) -> String {
        guard bytes != 0 else { return "0" }
        let unit = units.first { $0.bytes <= bytes && bytes % $0.bytes == 0 }
        return "\(bytes / (unit?.bytes ?? 1))\(unit?.suffix ?? "B")"
    }
}
