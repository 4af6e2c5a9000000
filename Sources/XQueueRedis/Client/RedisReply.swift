#if Redis

/// One reply of a Redis server (RESP2).
package enum RedisReply: Sendable, Hashable {
    case null
    case integer(Int64)
    /// A bulk or simple string: bytes as the server sent them.
    case bytes([UInt8])
    case error(String)
    case array([RedisReply])
}

#endif
