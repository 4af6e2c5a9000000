#if MQTT

import NIOCore

/// The number of replies of each kind that a broker owes, counted from what is sent to it.
///
/// The outgoing data comes from libmosquitto and is well-formed, so only the packets' heads are parsed.
struct OwedAnswers {
    private enum Place {
        /// Before the first byte of a packet.
        case head
        /// Within its length, of which this many bits have been read.
        case length(head: UInt8, value: Int, bits: Int)
        /// Within its body, of which this many bytes are still to come: at least one.
        case body(Int)
    }

    private var place = Place.head
    /// By packet type of the reply, a four-bit number.
    private var counts = [Int](repeating: 0, count: 16)

    /// Whether the broker may send a packet of this kind.
    func contains(_ kind: AnswerKind) -> Bool {
        kind == .disconnect || counts[Int(kind.rawValue)] > 0
    }

    /// Records that the broker has sent a reply it owed.
    mutating func remove(_ kind: AnswerKind) {
        counts[Int(kind.rawValue)] -= 1
    }

    /// Counts the replies that these bytes request; in order and in pieces of any size.
    mutating func add(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { bytes in
            var index = 0
            while index < bytes.count {
                switch place {
                case .head:
                    place = .length(head: bytes[index], value: 0, bits: 0)
                    index += 1
                case .length(let head, let value, let bits):
                    let byte = bytes[index]
                    let length = value | Int(byte & 127) << min(bits, 21)
                    index += 1
                    if byte >= 128 {
                        place = .length(head: head, value: length, bits: bits + 7)
                    } else {
                        place = length > 0 ? .body(length) : .head
                        if let answer = Self.answer(to: head) { counts[Int(answer.rawValue)] += 1 }
                    }
                case .body(let left):
                    let step = min(left, bytes.count - index)
                    place = step < left ? .body(left - step) : .head
                    index += step
                }
            }
        }
    }

    private static func answer(to head: UInt8) -> AnswerKind? {
        switch (head >> 4, head >> 1 & 3) {
        case (1, _): .connack
        case (3, 1): .puback
        case (3, 2): .pubrec
        case (6, _): .pubcomp
        case (12, _): .pingresp
        default: nil
        }
    }
}

#endif
