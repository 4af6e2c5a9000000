#if MQTT

/// Brokers' reason codes, and what they mean here.
extension MosquittoConnection {
    /// In version 3.1.1: the client may not connect, or not with its last will.
    static let notAuthorized: Int32 = 5
    /// The broker is at capacity, whatever the message.
    static let quotaExceeded: Int32 = 0x97
    /// Reasons for ending a connection that one message caused: malformed, not authorized, topic name, payload
    /// format, too large, retained, quality of service.
    static let messageReasons: Set<Int32> = [0x81, 0x87, 0x90, 0x95, 0x99, 0x9A, 0x9B]

    /// What a version 5 broker may have rejected about a connection.
    static func objection(_ reason: Int32) -> MQTTError.Objection? {
        switch reason {
        case 0x9A: .retained
        case 0x87, 0x90, 0x95, 0x99, 0x9B: .presence
        default: nil
        }
    }
}

#endif
