#if MQTT

/// The codes by which brokers say why, and what they mean here.
extension MosquittoConnection {
    /// Before version 5: the client may not connect, or not with its last will.
    static let notAuthorized: Int32 = 5
    /// There is no room now, for whichever message.
    static let quotaExceeded: Int32 = 0x97
    /// Reasons to end a connection that one message gave: malformed, not authorized, its topic or format, too
    /// large, retained, its quality of service.
    static let messageReasons: Set<Int32> = [0x81, 0x87, 0x90, 0x95, 0x99, 0x9A, 0x9B]

    /// What a broker of version 5 may have had against a connection.
    static func objection(_ reason: Int32) -> MQTTError.Objection? {
        switch reason {
        case 0x9A: .retained
        case 0x87, 0x90, 0x95, 0x99, 0x9B: .presence
        default: nil
        }
    }
}

#endif
