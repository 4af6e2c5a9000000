#if Redis

import XQueueCore

/// An identifier in Redis is the 16 bytes of its UUID, which sort as the identifier does.
extension TaskID {
    static let packedLength = 16

    /// Nil if the bytes are not as many.
    init?(packed bytes: some Collection<UInt8>) {
        guard bytes.count == Self.packedLength else { return nil }
        func word(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8)))
    }

    func pack(into bytes: inout [UInt8]) {
        for word in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }
}

#endif
