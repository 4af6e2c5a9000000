#if MQTT

import NIOCore

extension FrameFilter {
    /// What the library reads of a broker's answer to a request for a connection.
    private static let used: [(identifier: UInt8, bytes: Int)] = [
        (FrameProperties.serverKeepAlive, 2), (FrameProperties.receiveMaximum, 2),
        (FrameProperties.maximumQoS, 1),
        (FrameProperties.retainAvailable, 1), (FrameProperties.maximumPacketSize, 4),
    ]
    /// How brokers that do not know version 5 say so, in the words of version 3.1.1 and in those of version 5.
    private static let unknownVersion: (old: UInt8, new: UInt8) = (0x01, 0x84)

    /// Writes a broker's answer to a request for a connection anew.
    ///
    /// - Parameters:
    ///   - body: What follows its fixed header, at least two bytes.
    ///   - version: The version of the protocol that the connection speaks.
    ///   - frames: Where it goes.
    static func writeConnack(
        _ body: inout ByteBuffer, _ version: MQTTConfiguration.Version, to frames: inout ByteBuffer
    ) throws(FrameViolation) {
        guard let (flags, code) = body.readMultipleIntegers(as: (UInt8, UInt8).self) else {
            throw FrameViolation(.connack, "that is cut short")
        }
        guard flags <= 1 else { throw FrameViolation(.connack, "with reserved flags") }
        guard version == .v5 else {
            frames.writeMultipleIntegers(AnswerKind.connack.head, UInt8(2), flags, code)
            return
        }
        if body.readableBytes == 0, code == unknownVersion.old {
            frames.writeMultipleIntegers(
                AnswerKind.connack.head, UInt8(3), UInt8(0), unknownVersion.new, UInt8(0))
            return
        }
        let properties = try FrameProperties(&body, of: .connack)
        guard body.readableBytes == 0 else {
            throw FrameViolation(.connack, "that is longer than its properties")
        }
        write(flags, code, properties.numbers, to: &frames)
    }

    private static func write(
        _ flags: UInt8, _ code: UInt8, _ numbers: [UInt8: UInt32], to frames: inout ByteBuffer
    ) {
        let kept = used.filter { numbers[$0.identifier] != nil }
        let length = kept.reduce(0) { $0 + 1 + $1.bytes }
        // At most 15 bytes of properties.
        frames.writeMultipleIntegers(
            AnswerKind.connack.head, UInt8(clamping: 3 + length), flags, code, UInt8(clamping: length))
        for (identifier, bytes) in kept {
            let value = numbers[identifier] ?? 0
            frames.writeInteger(identifier)
            switch bytes {
            case 1: frames.writeInteger(UInt8(clamping: value))
            case 2: frames.writeInteger(UInt16(clamping: value))
            default: frames.writeInteger(value)
            }
        }
    }
}

#endif
