#if Redis

import XQueueCore

/// Reads values packed by Lua's `struct.pack`, big-endian.
struct PackedReader: LayoutCoder {
    static let reads = true

    private let bytes: [UInt8]
    private var at = 0

    /// - Parameter bytes: One or more consecutive packed forms.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { at >= bytes.count }

    mutating func integer(
        _ name: StaticString, _ kind: IntegerKind, initial: Int64, _ value: inout Int64
    ) throws(StoreError) {
        let number = try integer(width: kind.width)
        value = kind == .int32 ? Int64(Int32(truncatingIfNeeded: number)) : number
    }

    mutating func double(
        _ name: StaticString, initial: Double, _ value: inout Double
    ) throws(StoreError) {
        value = Double(bitPattern: UInt64(bitPattern: try integer(width: 8)))
    }

    mutating func text(_ name: StaticString, _ value: inout String) throws(StoreError) {
        value = try terminated()
    }

    mutating func text(length: Int, _ value: inout String) throws(StoreError) {
        guard bytes.count - at >= length else { throw Self.cut }
        defer { at += length }
        value = String(decoding: bytes[at..<(at + length)], as: UTF8.self)
    }

    mutating func rest(_ value: inout String) {
        defer { at = bytes.count }
        value = String(decoding: bytes[at...], as: UTF8.self)
    }

    mutating func payload(_ value: inout String) {
        // A NUL at the end terminates the last opaque text; without it there are none.
        guard at < bytes.count, bytes.last == 0, let end = bytes[at...].firstIndex(of: 0) else {
            return rest(&value)
        }
        defer { at = end + 1 }
        value = String(decoding: bytes[at..<end], as: UTF8.self)
    }

    mutating func opaque(_ value: inout String?) throws(StoreError) {
        guard !isAtEnd else {
            value = nil
            return
        }
        let text = try terminated()
        value = text.isEmpty ? nil : text
    }

    /// Reads an identifier, 16 bytes.
    mutating func id() throws(StoreError) -> TaskID {
        TaskID(
            high: UInt64(bitPattern: try integer(width: 8)), low: UInt64(bitPattern: try integer(width: 8)))
    }

    private mutating func integer(width: Int) throws(StoreError) -> Int64 {
        guard bytes.count - at >= width else { throw Self.cut }
        var value: UInt64 = 0
        for index in at..<(at + width) { value = value << 8 | UInt64(bytes[index]) }
        at += width
        return Int64(bitPattern: value)
    }

    private mutating func terminated() throws(StoreError) -> String {
        guard let end = bytes[at...].firstIndex(of: 0) else { throw Self.cut }
        defer { at = end + 1 }
        return String(decoding: bytes[at..<end], as: UTF8.self)
    }

    private static var cut: StoreError { StoreError(.corrupt, "truncated value in Redis") }
}

#endif
