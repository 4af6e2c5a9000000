#if Kafka

/// A broker's answer to the question which versions of each request it knows, as bytes of the protocol.
enum ApiVersions {
    /// The number of the question in the protocol.
    static let key: Int16 = 18
    /// The number of the request for records.
    private static let fetch: Int16 = 1
    /// The broker does not know the version of the question, and answers as in its first version.
    private static let unsupportedVersion: Int16 = 35

    /// Lowers the newest version of the request for records that the broker says it knows. What is not as it should be
    /// stays as it is.
    ///
    /// - Parameters:
    ///   - newest: The version to be known at most.
    ///   - answer: The number of the question, an error code, and the list of requests.
    ///   - version: Of the question.
    static func limitFetch(to newest: Int16, in answer: inout [UInt8], version: Int16) {
        var at = 4
        guard let error = number(at, answer) else { return }
        at += 2
        // From the third version on, lists are compact and their items have tags.
        let isCompact = version >= 3 && error != unsupportedVersion
        guard let count = isCompact ? compactCount(&at, answer) : count(&at, answer) else { return }
        for _ in 0..<count {
            guard let key = number(at, answer), let oldest = number(at + 2, answer),
                let known = number(at + 4, answer)
            else { return }
            if key == fetch, known > newest, oldest <= newest {
                answer[at + 4] = UInt8(truncatingIfNeeded: newest >> 8)
                answer[at + 5] = UInt8(truncatingIfNeeded: newest)
                return
            }
            at += 6
            // Nobody has put tags here yet, and what is in them would have to be passed by.
            if isCompact {
                guard at < answer.count, answer[at] == 0 else { return }
                at += 1
            }
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

    /// One more than the number of items, seven bits a byte, the lowest first.
    private static func compactCount(_ at: inout Int, _ bytes: [UInt8]) -> UInt32? {
        var value: UInt32 = 0
        for shift in stride(from: UInt32(0), through: 21, by: 7) {
            guard at < bytes.count else { return nil }
            let byte = bytes[at]
            at += 1
            value |= UInt32(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value > 0 ? value - 1 : nil }
        }
        return nil
    }
}

#endif
