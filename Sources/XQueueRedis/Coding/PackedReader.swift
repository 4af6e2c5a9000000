#if Redis

import XQueueCore

/// Reads what Lua's `struct.pack` writes, big-endian.
struct PackedReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { at >= bytes.count }

    mutating func integer(width: Int) throws(StoreError) -> Int64 {
        guard bytes.count - at >= width else { throw Self.cut }
        var value: UInt64 = 0
        for index in at..<(at + width) { value = value << 8 | UInt64(bytes[index]) }
        at += width
        return Int64(bitPattern: value)
    }

    mutating func int(width: Int) throws(StoreError) -> Int {
        Int(try integer(width: width))
    }

    /// `i4`
    mutating func signed32() throws(StoreError) -> Int32 {
        Int32(truncatingIfNeeded: try integer(width: 4))
    }

    mutating func double() throws(StoreError) -> Double {
        Double(bitPattern: UInt64(bitPattern: try integer(width: 8)))
    }

    mutating func time() throws(StoreError) -> Timestamp? {
        let value = try integer(width: 6)
        return value == PackedWriter.noTime ? nil : Timestamp(milliseconds: value)
    }

    mutating func duration() throws(StoreError) -> Duration? {
        let value = try integer(width: 6)
        return value == PackedWriter.noTime ? nil : .milliseconds(value)
    }

    mutating func id() throws(StoreError) -> TaskID {
        TaskID(
            high: UInt64(bitPattern: try integer(width: 8)), low: UInt64(bitPattern: try integer(width: 8)))
    }

    mutating func terminated() throws(StoreError) -> String {
        guard let end = bytes[at...].firstIndex(of: 0) else { throw Self.cut }
        defer { at = end + 1 }
        return String(decoding: bytes[at..<end], as: UTF8.self)
    }

    mutating func text(length: Int) throws(StoreError) -> String {
        guard bytes.count - at >= length else { throw Self.cut }
        defer { at += length }
        return String(decoding: bytes[at..<(at + length)], as: UTF8.self)
    }

    mutating func rest() -> String {
        defer { at = bytes.count }
        return String(decoding: bytes[at...], as: UTF8.self)
    }

    /// The rest, and what stands behind its first NUL if a NUL ends it.
    mutating func restAndTerminated() -> (rest: String, terminated: String?) {
        guard at < bytes.count, bytes.last == 0, let end = bytes[at..<(bytes.count - 1)].lastIndex(of: 0)
        else {
            return (rest(), nil)
        }
        let terminated = String(decoding: bytes[(end + 1)..<(bytes.count - 1)], as: UTF8.self)
        defer { at = bytes.count }
        return (String(decoding: bytes[at..<end], as: UTF8.self), terminated)
    }

    private static var cut: StoreError { StoreError(.corrupt, "what Redis holds is cut short") }
}

extension String {
    /// The text behind a mark of presence; nil for none.
    var unmarked: String? { isEmpty ? nil : String(Substring(utf8.dropFirst())) }
}

#endif
