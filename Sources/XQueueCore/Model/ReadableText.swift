/// Text meant only for people, such as errors and messages, is never a reason to reject a request: it is
/// repaired and truncated.
extension String {
    /// The text without control characters other than tabs and line breaks, truncated to `limit` bytes of
    /// UTF-8.
    ///
    /// Control characters become their Unicode pictures (`␛`), and lines end with a line feed alone. `String`
    /// has already replaced invalid Unicode.
    package func readable(toBytes limit: Int) -> String {
        guard utf8.count > limit || utf8.contains(where: Self.mayBeControl) else { return self }
        var text = String.UnicodeScalarView()
        var bytes = 0
        var isAfterReturn = false
        for scalar in unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            if scalar == "\n", isAfterReturn { continue }
            let readable = Self.readable(scalar)
            bytes += UTF8.width(readable)
            guard bytes <= limit else { break }
            text.append(readable)
        }
        return String(text)
    }

    /// True for the bytes of control characters, and for a lead byte that other characters share.
    private static func mayBeControl(_ byte: UInt8) -> Bool {
        byte < 0x20 && byte != 0x0A && byte != 0x09 || byte == 0x7F || byte == 0xC2
    }

    private static func readable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x09, 0x0A: scalar
        case 0x0D: "\n"
        case 0x00...0x1F: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
        case 0x7F: "\u{2421}"
        case 0x80...0x9F: "\u{FFFD}"
        default: scalar
        }
    }
}
