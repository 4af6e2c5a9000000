#if Kafka

/// A broker's `ApiVersions` response, which lists the versions it supports of each request, as raw protocol
/// bytes.
enum ApiVersions {
    /// The protocol's key of this request.
    static let key: Int16 = 18
    /// The protocol's key of fetch requests.
    private static let fetch: Int16 = 1
    /// Error code of a broker that does not know the request's version and replies in its first version.
    private static let unsupportedVersion: Int16 = 35

    /// Lowers the newest fetch version that the broker claims to support, each time it is listed. An unexpected response
    /// is left unchanged from where it is unexpected.
    ///
    /// - Parameters:
    ///   - newest: The newest version to leave in.
    ///   - answer: Correlation ID, error code, and the list of requests.
    ///   - version: The request's version.
    static func limitFetch(to newest: Int16, in answer: inout [UInt8], version: Int16) {
        var at = 4
        guard let error = number(at, answer) else { return }
        at += 2
        // From version 3 on, lists are compact and their items have tags.
        let isCompact = version >= 3 && error != unsupportedVersion
        guard let count = isCompact ? compactCount(&at, answer) : count(&at, answer) else { return }
        for _ in 0..<count {
            guard let key = number(at, answer), let oldest = number(at + 2, answer),
                let known = number(at + 4, answer)
            else { return }
            if key == fetch, known > newest, oldest <= newest {
                answer[at + 4] = UInt8(truncatingIfNeeded: newest >> 8)
                answer[at + 5] = UInt8(truncatingIfNeeded: newest)
            }
            at += 6
            if isCompact, !skipTags(&at, answer) { return }
        }
    }

    private static func number(_ at: Int, _ bytes: [UInt8]) -> Int16? {
        guard at + 1 < bytes.count else { return nil }
        return Int16(bitPattern: UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1]))
    }

    private static func count(_ at: inout Int, _ bytes: [UInt8]) -> UInt32? {
        guard at + 3 < bytes.count else { return nil }
        defer { at += 4 }
        return bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The number of items, which is sent plus one; nil for a null list.
    private static func compactCount(_ at: inout Int, _ bytes: [UInt8]) -> UInt32? {
        guard let value = varint(&at, bytes), value > 0 else { return nil }
        return value - 1
    }

    /// Skips an item's tagged fields: their number, and a tag, a size and as many bytes for each. Returns whether they
    /// were complete.
    private static func skipTags(_ at: inout Int, _ bytes: [UInt8]) -> Bool {
        guard let count = varint(&at, bytes) else { return false }
        for _ in 0..<count {
            guard varint(&at, bytes) != nil, let size = varint(&at, bytes), Int(size) <= bytes.count - at
            else { return false }
            at += Int(size)
        }
        return true
    }

    /// Seven bits per byte, lowest first.
    private static func varint(_ at: inout Int, _ bytes: [UInt8]) -> UInt32? {
        var value: UInt32 = 0
        for shift in stride(from: UInt32(0), through: 21, by: 7) {
            guard at < bytes.count else { return nil }
            let byte = bytes[at]
            at += 1
            value |= UInt32(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}

#endif
