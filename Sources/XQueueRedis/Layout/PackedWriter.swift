#if Redis

import XQueueCore

/// Packs values for Lua's `struct.unpack`, big-endian.
struct PackedWriter: LayoutCoder {
    static let reads = false

    private(set) var bytes: [UInt8] = []
    /// Number of missing opaque texts since the last one written.
    private var missing = 0
    private var hasPassive = false

    /// - Parameter capacity: Expected size in bytes.
    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func integer(
        _ name: StaticString, _ kind: IntegerKind, initial: Int64, _ value: inout Int64
    ) {
        put(value, width: kind.width)
    }

    mutating func double(_ name: StaticString, initial: Double, _ value: inout Double) {
        put(Int64(bitPattern: value.bitPattern), width: 8)
    }

    mutating func text(_ name: StaticString, _ value: inout String) throws(StoreError) {
        guard !value.utf8.contains(0) else {
            throw StoreError(.corrupt, "a type, key or name must not contain NUL")
        }
        put(terminated: value)
    }

    mutating func text(length: Int, _ value: inout String) {
        bytes.append(contentsOf: value.utf8)
    }

    mutating func rest(_ value: inout String) {
        bytes.append(contentsOf: value.utf8)
    }

    mutating func payload(_ value: inout String) {
        bytes.append(contentsOf: value.utf8)
    }

    mutating func opaque(_ value: inout String?) {
        guard let value else {
            missing += 1
            return
        }
        if !hasPassive { bytes.append(0) }
        hasPassive = true
        bytes.append(contentsOf: repeatElement(0, count: missing))
        missing = 0
        put(terminated: value)
    }

    private mutating func put(_ value: Int64, width: Int) {
        for index in 0..<width {
            bytes.append(UInt8(truncatingIfNeeded: value >> Int64(8 * (width - 1 - index))))
        }
    }

    private mutating func put(terminated text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }
}

/// In Redis an identifier is the 16 bytes of its UUID, which sort like the identifier. `PackedReader` reads them.
extension TaskID {
    static let packedLength = 16

    func pack(into bytes: inout [UInt8]) {
        for word in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }
}

#endif
