#if MQTT

import NIOCore

/// Passes, rewritten, only the packets that a broker owes to a client that only publishes.
///
/// libmosquitto reads packets of any length into memory, and crashes on some that no broker should send. The
/// output consists of short packets of six kinds, with only the properties that the library uses.
struct FrameFilter {
    /// Maximum packet size, in bytes, without the fixed header. Version 5 announces it to the broker.
    static let maxFrameBytes = 256 << 10

    /// The result of filtering some bytes.
    struct Passage {
        /// Complete packets, for the library.
        var frames = ByteBuffer()
        /// The violation, if any, after which nothing more passes.
        var violation: FrameViolation?
    }

    private let version: MQTTConfiguration.Version
    private var owed = OwedAnswers()
    /// The start of an incomplete packet.
    private var rest = ByteBuffer()
    /// Whether nothing passes any more.
    private var hasEnded = false

    /// - Parameter version: The connection's protocol version.
    init(_ version: MQTTConfiguration.Version) {
        self.version = version
    }

    /// Number of buffered bytes of an incomplete packet.
    var waiting: Int { rest.readableBytes }

    /// Records bytes sent to the broker, in order and in pieces of any size.
    mutating func sent(_ bytes: ByteBuffer) {
        owed.add(bytes)
    }

    /// Filters bytes from the broker, in order and in pieces of any size.
    mutating func received(_ bytes: ByteBuffer) -> Passage {
        var passage = Passage()
        guard !hasEnded else { return passage }
        var input = bytes
        if rest.readableBytes > 0 {
            swap(&input, &rest)
            input.writeBuffer(&rest)
            rest = ByteBuffer()
        }
        do throws(FrameViolation) {
            while !hasEnded, let (kind, body) = try next(&input) {
                if passage.frames.capacity == 0 { passage.frames.reserveCapacity(input.readableBytes + 64) }
                try write(kind, body, to: &passage.frames)
            }
        } catch {
            hasEnded = true
            passage.violation = error
        }
        if !hasEnded, input.readableBytes > 0 {
            input.discardReadBytes()
            rest = input
        }
        return passage
    }

    // MARK: - Reading

    /// Takes the next packet if it is complete. Its first bytes are checked before that.
    private mutating func next(
        _ input: inout ByteBuffer
    ) throws(FrameViolation) -> (kind: AnswerKind, body: ByteBuffer)? {
        let start = input.readerIndex
        guard let head = input.getInteger(at: start, as: UInt8.self) else { return nil }
        let kind = try kind(head)
        guard let (length, width) = try length(input, at: start + 1) else { return nil }
        guard kind.lengths(in: version).contains(length) else {
            throw FrameViolation(kind, "of length \(length)")
        }
        guard let body = input.getSlice(at: start + 1 + width, length: length) else { return nil }
        input.moveReaderIndex(forwardBy: 1 + width + length)
        owed.remove(kind)
        return (kind, body)
    }

    private func kind(_ head: UInt8) throws(FrameViolation) -> AnswerKind {
        guard let kind = AnswerKind(rawValue: head >> 4), kind != .disconnect || version == .v5 else {
            throw FrameViolation(AnswerKind.unsolicited(head))
        }
        guard head & 15 == 0 else { throw FrameViolation(kind, "with the flags \(head & 15)") }
        guard owed.contains(kind) else { throw FrameViolation(AnswerKind.unsolicited(head)) }
        return kind
    }

    /// The packet's length, from one to four bytes; nil if they are incomplete.
    private func length(
        _ input: ByteBuffer, at start: Int
    ) throws(FrameViolation) -> (value: Int, width: Int)? {
        var value = 0
        for width in 1...4 {
            guard let byte = input.getInteger(at: start + width - 1, as: UInt8.self) else { return nil }
            value |= Int(byte & 127) << (7 * (width - 1))
            // A zero in the last byte means that the encoding is longer than necessary.
            if byte == 0, width > 1 { break }
            if byte < 128 { return (value, width) }
        }
        throw FrameViolation("a packet with a malformed length")
    }

    // MARK: - Writing

    private mutating func write(
        _ kind: AnswerKind, _ body: ByteBuffer, to frames: inout ByteBuffer
    ) throws(FrameViolation) {
        var body = body
        switch kind {
        case .connack: try Self.writeConnack(&body, version, to: &frames)
        case .puback, .pubrec, .pubcomp: try writeAcknowledgement(kind, &body, to: &frames)
        case .pingresp: frames.writeMultipleIntegers(kind.head, UInt8(0))
        case .disconnect:
            let reason = try reason(kind, &body)
            frames.writeMultipleIntegers(kind.head, UInt8(1), reason)
            hasEnded = true
        }
    }

    private func writeAcknowledgement(
        _ kind: AnswerKind, _ body: inout ByteBuffer, to frames: inout ByteBuffer
    ) throws(FrameViolation) {
        guard let number = body.readInteger(as: UInt16.self), number > 0 else {
            throw FrameViolation(kind, "for message 0")
        }
        let reason = try reason(kind, &body)
        if reason == 0 {
            frames.writeMultipleIntegers(kind.head, UInt8(2), number)
        } else {
            frames.writeMultipleIntegers(kind.head, UInt8(3), number, reason)
        }
    }

    /// A reason code and properties, both optional.
    private func reason(_ kind: AnswerKind, _ body: inout ByteBuffer) throws(FrameViolation) -> UInt8 {
        guard let reason = body.readInteger(as: UInt8.self) else { return 0 }
        guard kind.knows(reason: reason) else {
            throw FrameViolation(kind, "with the unknown reason \(reason)")
        }
        if body.readableBytes > 0 { _ = try FrameProperties(&body, of: kind) }
        guard body.readableBytes == 0 else {
            throw FrameViolation(kind, "that is longer than its properties")
        }
        return reason
    }
}

extension AnswerKind {
    /// The packet's first byte.
    var head: UInt8 { rawValue << 4 }
}

extension FrameFilter {
    /// The CONNACK properties that the library uses.
    private static let used: [(identifier: UInt8, bytes: Int)] = [
        (FrameProperties.serverKeepAlive, 2), (FrameProperties.receiveMaximum, 2),
        (FrameProperties.maximumQoS, 1),
        (FrameProperties.retainAvailable, 1), (FrameProperties.maximumPacketSize, 4),
    ]
    /// How brokers that do not support version 5 report that: in version 3.1.1 and in version 5.
    private static let unknownVersion: (old: UInt8, new: UInt8) = (0x01, 0x84)

    /// Rewrites a CONNACK packet.
    ///
    /// - Parameters:
    ///   - body: What follows its fixed header, at least two bytes.
    ///   - version: The connection's protocol version.
    ///   - frames: The output.
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
