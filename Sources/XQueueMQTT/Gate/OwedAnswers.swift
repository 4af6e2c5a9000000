#if MQTT

import NIOCore

/// How many answers of each kind a broker owes, counted from what is sent to it.
///
/// What is sent is libmosquitto's, and well-formed; only the heads of its packets are looked at.
struct OwedAnswers {
    private enum Place {
        /// Before the first byte of a packet.
        case head
        /// Within its length, of which so many bits are known.
        case length(head: UInt8, value: Int, bits: Int)
        /// Within what follows, of which so many bytes are still to come: at least one.
        case body(Int)
    }

    private var place = Place.head
    /// By the types of the answers in the protocol, four bits each.
    private var counts = [Int](repeating: 0, count: 16)

    /// Whether the broker may send a packet of this kind.
    func contains(_ kind: AnswerKind) -> Bool {
        kind == .disconnect || counts[Int(kind.rawValue)] > 0
    }

    /// The broker has sent what it owed.
    mutating func remove(_ kind: AnswerKind) {
        counts[Int(kind.rawValue)] -= 1
    }

    /// Counts what these bytes ask for: any part of what is sent, in order.
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
