#if Redis

import XQueueCore

/// An identifier in Redis is the 16 bytes of its UUID, which sort as the identifier does; `PackedReader` reads them.
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
