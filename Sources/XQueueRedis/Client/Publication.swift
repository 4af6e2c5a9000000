#if Redis

/// A published message, as it arrives on a subscribed connection.
struct Publication {
    let channel: String
    let payload: [UInt8]

    private static let marker = [UInt8]("message".utf8)

    /// Nil if the reply is something else: a confirmation, or the reply to a `PING`.
    init?(_ reply: RedisReply) {
        guard case .array(let parts) = reply, parts.count == 3, parts[0] == .bytes(Self.marker),
            case .bytes(let channel) = parts[1], case .bytes(let payload) = parts[2]
        else { return nil }
        self.channel = String(decoding: channel, as: UTF8.self)
        self.payload = payload
    }
}

#endif
