#if MQTT

import NIOCore

/// The properties of a version 5 packet, validated against the specification's tables (section 2.2.2.2 and
/// those of the packets).
///
/// Texts and binary data are checked for length and dropped, because nothing uses them.
struct FrameProperties {
    /// A value's encoding.
    private enum Form {
        case byte, twoBytes, fourBytes, variable, text, pair, binary
    }

    static let receiveMaximum: UInt8 = 0x21
    static let maximumQoS: UInt8 = 0x24
    static let retainAvailable: UInt8 = 0x25
    static let maximumPacketSize: UInt8 = 0x27
    static let serverKeepAlive: UInt8 = 0x13
    /// The only property that may occur more than once.
    private static let userProperty: UInt8 = 0x26

    private static let forms: [UInt8: Form] = [
        0x01: .byte, 0x02: .fourBytes, 0x03: .text, 0x08: .text, 0x09: .binary, 0x0B: .variable,
        0x11: .fourBytes,
        0x12: .text, 0x13: .twoBytes, 0x15: .text, 0x16: .binary, 0x17: .byte, 0x18: .fourBytes, 0x19: .byte,
        0x1A: .text, 0x1C: .text, 0x1F: .text, 0x21: .twoBytes, 0x22: .twoBytes, 0x23: .twoBytes, 0x24: .byte,
        0x25: .byte, 0x26: .pair, 0x27: .fourBytes, 0x28: .byte, 0x29: .byte, 0x2A: .byte,
    ]
    private static let ofConnack: Set<UInt8> = [
        0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A,
    ]
    private static let ofDisconnect: Set<UInt8> = [0x1C, 0x1F, 0x26]
    private static let ofAcknowledgements: Set<UInt8> = [0x1F, 0x26]
    /// Must be 0 or 1.
    private static let flags: Set<UInt8> = [0x24, 0x25, 0x28, 0x29, 0x2A]
    /// Must not be 0.
    private static let positive: Set<UInt8> = [0x21, 0x27]

    /// The numeric values, by property identifier.
    private(set) var numbers: [UInt8: UInt32] = [:]

    /// Reads the properties, with their length, from the start of `body`.
    ///
    /// - Parameters:
    ///   - body: The rest of the packet; afterwards, what follows the properties.
    ///   - kind: The packet, which determines the permitted properties.
    init(_ body: inout ByteBuffer, of kind: AnswerKind) throws(FrameViolation) {
        guard let length = Self.readVariable(&body), var list = body.readSlice(length: length) else {
            throw FrameViolation(kind, "whose properties are cut short")
        }
        let allowed = Self.allowed(in: kind)
        var seen: Set<UInt8> = []
        while let identifier: UInt8 = list.readInteger() {
            let name = "0x" + String(identifier, radix: 16)
            guard let form = Self.forms[identifier] else {
                throw FrameViolation(kind, "with the unknown property \(name)")
            }
            guard allowed.contains(identifier) else {
                throw FrameViolation(kind, "with the property \(name), which does not belong there")
            }
            guard identifier == Self.userProperty || seen.insert(identifier).inserted else {
                throw FrameViolation(kind, "with the property \(name) twice")
            }
            guard let value = Self.readValue(&list, form) else {
                throw FrameViolation(kind, "whose property \(name) is cut short")
            }
            guard Self.isValid(value, for: identifier) else {
                throw FrameViolation(kind, "with the value \(value) of property \(name)")
            }
            numbers[identifier] = value
        }
    }

    private static func allowed(in kind: AnswerKind) -> Set<UInt8> {
        switch kind {
        case .connack: ofConnack
        case .disconnect: ofDisconnect
        case .puback, .pubrec, .pubcomp: ofAcknowledgements
        case .pingresp: []
        }
    }

    private static func isValid(_ value: UInt32, for identifier: UInt8) -> Bool {
        if flags.contains(identifier) { return value <= 1 }
        return value > 0 || !positive.contains(identifier)
    }

    /// The value, or 0 if it is not a number; nil if it is incomplete.
    private static func readValue(_ list: inout ByteBuffer, _ form: Form) -> UInt32? {
        switch form {
        case .byte: list.readInteger(as: UInt8.self).map(UInt32.init)
        case .twoBytes: list.readInteger(as: UInt16.self).map(UInt32.init)
        case .fourBytes: list.readInteger(as: UInt32.self)
        case .variable: readVariable(&list).map { UInt32(clamping: $0) }
        case .text, .binary: skip(&list) ? 0 : nil
        case .pair: skip(&list) && skip(&list) ? 0 : nil
        }
    }

    /// Skips a value prefixed with its length in two bytes; returns false if it is incomplete.
    private static func skip(_ list: inout ByteBuffer) -> Bool {
        guard let length = list.readInteger(as: UInt16.self) else { return false }
        return list.readSlice(length: Int(length)) != nil
    }

    /// A number of one to four bytes, seven bits in each (section 1.5.5); nil if it is incomplete or longer.
    private static func readVariable(_ bytes: inout ByteBuffer) -> Int? {
        var value = 0
        for shift in stride(from: 0, to: 28, by: 7) {
            guard let byte = bytes.readInteger(as: UInt8.self) else { return nil }
            value |= Int(byte & 127) << shift
            if byte < 128 { return value }
        }
        return nil
    }
}

#endif
