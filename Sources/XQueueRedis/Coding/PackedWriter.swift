#if Redis

import XQueueCore

/// Writes what Lua's `struct.unpack` reads, big-endian.
struct PackedWriter {
    /// Stands for "no time".
    static let noTime: Int64 = 0xFFFF_FFFF_FFFF

    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// `B`, `I2`, `I4`, `I6` or `I8`, by `width`; also `i4`.
    mutating func put(_ value: Int64, width: Int) {
        for index in 0..<width {
            bytes.append(UInt8(truncatingIfNeeded: value >> Int64(8 * (width - 1 - index))))
        }
    }

    mutating func put(_ value: Int, width: Int) {
        put(Int64(value), width: width)
    }

    /// `d`
    mutating func put(_ value: Double) {
        put(Int64(bitPattern: value.bitPattern), width: 8)
    }

    /// `I6`: whole milliseconds, none of them negative; nil is no time.
    mutating func put(milliseconds duration: Duration?) {
        put(duration.map { min(max($0.wholeMilliseconds, 0), Self.noTime - 1) } ?? Self.noTime, width: 6)
    }

    /// `s`: the text must hold no NUL.
    mutating func put(terminated text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    mutating func put(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}

#endif
