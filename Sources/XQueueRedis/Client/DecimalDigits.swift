#if Redis

/// Formats a number in decimal without allocating a string.
struct DecimalDigits {
    private let magnitude: UInt64
    private let isNegative: Bool
    /// Length of the text in bytes, including the sign.
    let count: Int

    init(_ number: Int64) {
        magnitude = number.magnitude
        isNegative = number < 0
        var digits = 1
        var rest = magnitude / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        count = isNegative ? digits + 1 : digits
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    func write(to bytes: inout [UInt8]) {
        if magnitude < 10, !isNegative {
            bytes.append(UInt8(ascii: "0") + UInt8(magnitude))
            return
        }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "-"), count: count))
        var position = start + count
        var rest = magnitude
        repeat {
            position -= 1
            bytes[position] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
    }
}

#endif
