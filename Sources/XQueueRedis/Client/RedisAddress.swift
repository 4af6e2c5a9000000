#if Redis

/// Where a server listens: a host and a port, or a unix socket.
public struct RedisAddress: Sendable, Hashable, CustomStringConvertible {
    /// The two kinds of place.
    package enum Place: Sendable, Hashable {
        case host(String, port: Int)
        case socket(path: String)
    }

    /// What the address itself says about encryption.
    package enum Encryption: Sendable, Hashable {
        case asConfigured, required, none
    }

    /// The ports there are; what a server says may be none.
    static let ports = 1...65_535

    package let place: Place
    package let encryption: Encryption

    package init(_ place: Place, encryption: Encryption = .asConfigured) {
        self.place = place
        self.encryption = encryption
    }

    /// Reads `host`, `host:port`, `redis://host:port`, `rediss://host:port`, `unix:///path` or `/path`.
    ///
    /// - Parameter defaultPort: the port of an address without one: 6379, and 26379 for Sentinels.
    /// - Throws: `unfit` with what is wrong; a user, a password and a database number are not allowed here.
    public init(_ text: String, defaultPort: Int = 6379) throws(RedisError) {
        let parsed = try Parsed(text, defaultPort: defaultPort)
        guard parsed.username == nil, parsed.password == nil, parsed.database == nil else {
            throw RedisError(
                .unfit, "the address \(parsed.address) must not carry a user, a password or a database")
        }
        self = parsed.address
    }

    /// The address in `MOVED 3999 127.0.0.1:6381`; nil if there is none.
    init?(movedTo text: String) {
        let words = text.split(separator: " ")
        guard words.count == 3, let colon = words[2].lastIndex(of: ":"), colon > words[2].startIndex,
            let port = Int(words[2][colon...].dropFirst()), Self.ports ~= port
        else { return nil }
        self.init(.host(String(words[2][..<colon]), port: port))
    }

    public var description: String {
        switch place {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .socket(let path): path
        }
    }
}

#endif
