/// Scans JSON text (RFC 8259) without building values, so that a value can be kept byte for byte.
///
/// Iterative: nesting uses no stack, and is limited to ``ModelLimits/jsonDepth``. The caller ensures that the
/// bytes are valid UTF-8.
struct JSONScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var offset = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The characters at these bytes; the range must not split a character.
    func text(_ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    var isAtEnd: Bool { offset == bytes.count }

    /// The next byte; nil at the end.
    var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipWhitespace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    /// Skips `byte`, or throws.
    mutating func expect(_ byte: UInt8) throws(JSONSyntaxError) {
        guard current == byte else { throw unexpected("expected '\(Character(Unicode.Scalar(byte)))'") }
        offset += 1
    }

    /// Skips one whole value and returns its range.
    mutating func skipValue() throws(JSONSyntaxError) -> Range<Int> {
        let start = offset
        var open: [UInt8] = []
        while true {
            skipWhitespace()
            switch current {
            case UInt8(ascii: "{"):
                offset += 1
                skipWhitespace()
                if current == UInt8(ascii: "}") {
                    offset += 1
                } else {
                    try push(UInt8(ascii: "}"), onto: &open)
                    try skipKey()
                    continue
                }
            case UInt8(ascii: "["):
                offset += 1
                skipWhitespace()
                if current == UInt8(ascii: "]") {
                    offset += 1
                } else {
                    try push(UInt8(ascii: "]"), onto: &open)
                    continue
                }
            default: try skipScalar()
            }
            if try !skipToNextValue(&open) { return start..<offset }
        }
    }

    /// After a value: advances to the start of the next one; returns false if the outermost value has ended.
    private mutating func skipToNextValue(_ open: inout [UInt8]) throws(JSONSyntaxError) -> Bool {
        while let close = open.last {
            skipWhitespace()
            if current == UInt8(ascii: ",") {
                offset += 1
                if close == UInt8(ascii: "}") {
                    skipWhitespace()
                    try skipKey()
                }
                return true
            }
            guard current == close else {
                throw unexpected("expected ',' or '\(Character(Unicode.Scalar(close)))'")
            }
            offset += 1
            open.removeLast()
        }
        return false
    }

    private func push(_ close: UInt8, onto open: inout [UInt8]) throws(JSONSyntaxError) {
        guard open.count < ModelLimits.jsonDepth else {
            throw JSONSyntaxError("nested deeper than \(ModelLimits.jsonDepth) levels", at: offset)
        }
        open.append(close)
    }

    private mutating func skipKey() throws(JSONSyntaxError) {
        _ = try skipString()
        skipWhitespace()
        try expect(UInt8(ascii: ":"))
    }

    private mutating func skipScalar() throws(JSONSyntaxError) {
        switch current {
        case UInt8(ascii: "\""): _ = try skipString()
        case UInt8(ascii: "t"): try skipWord("true")
        case UInt8(ascii: "f"): try skipWord("false")
        case UInt8(ascii: "n"): try skipWord("null")
        case UInt8(ascii: "-"), .some(0x30...0x39): try skipNumber()
        default: throw unexpected("expected a value")
        }
    }

    /// Skips a string and returns whether it has escapes.
    mutating func skipString() throws(JSONSyntaxError) -> Bool {
        guard current == UInt8(ascii: "\"") else { throw unexpected("expected a string") }
        offset += 1
        var hasEscapes = false
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                offset += 1
                try skipEscape()
            case 0x00...0x1F: throw unexpected("a control character in a string must be escaped")
            default: offset += 1
            }
        }
        throw JSONSyntaxError("unterminated string", at: offset)
    }

    private mutating func skipEscape() throws(JSONSyntaxError) {
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 1
        case UInt8(ascii: "u"):
            offset += 1
            for _ in 0..<4 {
                guard let digit = current, Self.isHexDigit(digit) else {
                    throw unexpected("expected four hexadecimal digits")
                }
                offset += 1
            }
        default: throw unexpected("unknown escape")
        }
    }

    private mutating func skipWord(_ word: StaticString) throws(JSONSyntaxError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[index] else { throw unexpected("expected a value") }
            offset += 1
        }
    }

    private mutating func skipNumber() throws(JSONSyntaxError) {
        if current == UInt8(ascii: "-") { offset += 1 }
        if current == UInt8(ascii: "0") { offset += 1 } else { try skipDigits() }
        if current == UInt8(ascii: ".") {
            offset += 1
            try skipDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            offset += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(JSONSyntaxError) {
        let start = offset
        while let digit = current, 0x30...0x39 ~= digit { offset += 1 }
        guard offset > start else { throw unexpected("expected a digit") }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x46 ~= byte || 0x61...0x66 ~= byte
    }

    func unexpected(_ message: String) -> JSONSyntaxError {
        JSONSyntaxError(isAtEnd ? "unexpected end of text: \(message)" : message, at: offset)
    }
}

/// Why bytes are not JSON, and where.
public struct JSONSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
    public let message: String
    /// Number of bytes before the error.
    public let offset: Int

    public init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }

    public var description: String {
        "\(message) at byte \(offset)"
    }
}
