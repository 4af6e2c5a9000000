#if MQTT

/// A packet that a broker may send to a client that only publishes. The raw value is its type in the protocol.
enum AnswerKind: UInt8, CaseIterable {
    case connack = 2
    case puback = 4
    case pubrec = 5
    case pubcomp = 7
    case pingresp = 13
    /// Version 5 only.
    case disconnect = 14

    /// The names of all packet types, by number.
    private static let names = [
        "reserved", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE",
        "SUBACK",
        "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
    ]

    /// Describes an unsolicited packet that begins with the byte `head`.
    static func unsolicited(_ head: UInt8) -> String {
        let type = Int(head >> 4)
        return type == 0
            ? "an unsolicited packet of the reserved type" : "an unsolicited \(names[type]) packet"
    }

    /// The packet type's name.
    var name: String { Self.names[Int(rawValue)] }

    /// The permitted lengths of what follows its fixed header, in bytes.
    ///
    /// - Parameter version: The connection's protocol version.
    func lengths(in version: MQTTConfiguration.Version) -> ClosedRange<Int> {
        switch (self, version) {
        case (.pingresp, _): 0...0
        case (.connack, .v3), (.puback, .v3), (.pubrec, .v3), (.pubcomp, .v3): 2...2
        case (.disconnect, _): 0...FrameFilter.maxFrameBytes
        default: 2...FrameFilter.maxFrameBytes
        }
    }

    /// Whether version 5 defines `reason` for this kind of packet (sections 3.4.2.1, 3.5.2.1 and 3.7.2.1). True
    /// for the kinds whose reason is not checked.
    func knows(reason: UInt8) -> Bool {
        switch self {
        case .puback, .pubrec: [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99].contains(reason)
        case .pubcomp: reason == 0x00 || reason == 0x92
        case .connack, .pingresp, .disconnect: true
        }
    }
}

/// Data from a broker that this client does not accept.
struct FrameViolation: Error, Equatable, CustomStringConvertible {
    /// Reads well after "the broker sent".
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// - Parameters:
    ///   - kind: The packet.
    ///   - what: What is wrong with it; reads well after the packet's name.
    init(_ kind: AnswerKind, _ what: String) {
        self.init("a \(kind.name) packet \(what)")
    }
}

#endif
