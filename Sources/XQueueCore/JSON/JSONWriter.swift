/// Writes JSON text into one growing byte array, or into pieces.
///
/// Used for API replies and stored histories, which embed `RawJSON` verbatim; `JSONEncoder` cannot do that.
/// Member names must need no escaping, except in ``name(escaping:)``.
package struct JSONWriter {
    /// Minimum length, in bytes, at which a writer of pieces keeps a value instead of copying it.
    private static let longValue = 4 << 10
    /// Length, in bytes, at which an array becomes a piece.
    private static let longPiece = 60 << 10

    /// Everything written since the last piece.
    private var tail: [UInt8] = []
    private var before: [JSONPiece] = []
    private var bytesBefore = 0
    private let isInPieces: Bool
    private var needsComma = false

    /// - Parameters:
    ///   - capacity: Expected number of bytes.
    ///   - isInPieces: Whether to keep long raw values instead of copying them, and split the rest into several
    ///     arrays, so that a large text is in memory only once. Read the result as ``pieces``.
    package init(capacity: Int = 512, isInPieces: Bool = false) {
        self.isInPieces = isInPieces
        tail.reserveCapacity(isInPieces ? min(capacity, Self.longPiece) : capacity)
    }

    /// Number of bytes written.
    package var count: Int { bytesBefore + tail.count }

    /// Everything written, in order.
    package var pieces: [JSONPiece] { tail.isEmpty ? before : before + [.bytes(tail)] }

    /// Everything written, in one array.
    package var bytes: [UInt8] {
        guard !before.isEmpty else { return tail }
        var all: [UInt8] = []
        all.reserveCapacity(count)
        for piece in pieces { piece.withBytes { all.append(contentsOf: $0) } }
        return all
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Turns everything written since the last piece into a piece.
    private mutating func cut() {
        guard !tail.isEmpty else { return }
        before.append(.bytes(tail))
        bytesBefore += tail.count
        tail = []
    }

    // MARK: - Structure

    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    package mutating func array<Element>(
        _ elements: some Sequence<Element>, _ body: (inout JSONWriter, Element) -> Void
    ) {
        nest(UInt8(ascii: "["), UInt8(ascii: "]")) { writer in
            for element in elements { body(&writer, element) }
        }
    }

    /// Writes the name of the next value.
    package mutating func name(_ name: String) {
        startValue()
        tail.append(UInt8(ascii: "\""))
        tail.append(contentsOf: name.utf8)
        tail.append(UInt8(ascii: "\""))
        tail.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes the name of the next value, whatever characters it has.
    package mutating func name(escaping name: String) {
        value(name)
        tail.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        startValue()
        tail.append(open)
        needsComma = false
        body(&self)
        tail.append(close)
        needsComma = true
    }

    private mutating func startValue() {
        if isInPieces, tail.count >= Self.longPiece { cut() }
        if needsComma { tail.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    // MARK: - Values

    package mutating func null() {
        raw("null")
    }

    package mutating func value(_ value: Bool) {
        raw(value ? "true" : "false")
    }

    package mutating func value(_ value: Int64) {
        startValue()
        // Digits from last to first, in a buffer on the stack.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value.magnitude
            var start = digits.count
            repeat {
                start -= 1
                digits[start] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                start -= 1
                digits[start] = UInt8(ascii: "-")
            }
            tail.append(contentsOf: digits[start...])
        }
    }

    package mutating func value(_ value: Int) {
        self.value(Int64(value))
    }

    /// Writes a number: whole numbers without a fraction, and numbers that JSON cannot represent as null.
    package mutating func value(_ value: Double) {
        if let whole = Int64(exactly: value) { return self.value(whole) }
        raw(value.isFinite ? String(value) : "null")
    }

    package mutating func value(_ value: RawJSON) {
        raw(value.text)
    }

    package mutating func value(_ value: String) {
        startValue()
        tail.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            if text.allSatisfy(Self.isPlain) { tail.append(contentsOf: text) } else { escaped(text) }
        }
        tail.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func escaped(_ text: UnsafeBufferPointer<UInt8>) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                tail.append(UInt8(ascii: "\\"))
                tail.append(byte)
            case 0x0A: tail.append(contentsOf: #"\n"#.utf8)
            case 0x0D: tail.append(contentsOf: #"\r"#.utf8)
            case 0x09: tail.append(contentsOf: #"\t"#.utf8)
            case 0x00...0x1F:
                tail.append(contentsOf: (byte < 16 ? #"\u000"# : #"\u00"#).utf8)
                tail.append(contentsOf: String(byte, radix: 16).utf8)
            default: tail.append(byte)
            }
        }
    }

    private mutating func raw(_ text: String) {
        startValue()
        guard isInPieces, text.utf8.count >= Self.longValue else {
            return tail.append(contentsOf: text.utf8)
        }
        cut()
        before.append(.text(text))
        bytesBefore += text.utf8.count
    }

    // MARK: - Members

    package mutating func member(_ name: String, _ value: String?) {
        self.name(name)
        if let value { self.value(value) } else { null() }
    }

    package mutating func member(_ name: String, _ value: RawJSON?) {
        self.name(name)
        if let value { self.value(value) } else { null() }
    }

    package mutating func member(_ name: String, _ value: Int?) {
        member(name, value.map { Int64($0) })
    }

    package mutating func member(_ name: String, _ value: Int64?) {
        self.name(name)
        if let value { self.value(value) } else { null() }
    }

    package mutating func member(_ name: String, _ value: Double?) {
        self.name(name)
        if let value { self.value(value) } else { null() }
    }

    package mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        self.value(value)
    }

    package mutating func member(_ name: String, _ value: Timestamp?) {
        member(name, value?.rfc3339)
    }

    /// Writes a duration in seconds, with a fraction only if it has one.
    package mutating func member(_ name: String, _ value: Duration?) {
        member(name, value.map { Double($0.wholeMilliseconds) / 1000 })
    }
}

/// A part of a JSON text that need not be contiguous.
package enum JSONPiece: Sendable {
    case bytes([UInt8])
    /// A raw value, kept verbatim.
    case text(String)

    /// Size in bytes.
    package var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .text(let text): text.utf8.count
        }
    }

    /// Runs `body` with the piece's bytes, without copying them.
    package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        switch self {
        case .bytes(let bytes): return bytes.withUnsafeBytes(body)
        case .text(var text): return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
        }
    }
}
