#if Redis

/// A server address: host and port, or a Unix socket.
public struct RedisAddress: Sendable, Hashable, CustomStringConvertible {
    /// The kind of address.
    package enum Place: Sendable, Hashable {
        case host(String, port: Int)
        case socket(path: String)
    }

    /// Whether the address itself determines encryption.
    package enum Encryption: Sendable, Hashable {
        case asConfigured, required, none
    }

    /// Valid ports; those that servers report are checked against it.
    static let ports = 1...65_535

    package let place: Place
    package let encryption: Encryption

    package init(_ place: Place, encryption: Encryption = .asConfigured) {
        self.place = place
        self.encryption = encryption
    }

    /// Parses `host`, `host:port`, `redis://host:port`, `rediss://host:port`, `unix:///path` or `/path`.
    ///
    /// - Parameter defaultPort: The port if the address has none: 6379, or 26379 for Sentinels.
    /// - Throws: ``RedisError`` of kind `unsuitable` if the address is invalid, or includes a user, password or
    ///   database.
    public init(_ text: String, defaultPort: Int = 6379) throws(RedisError) {
        let parsed = try Parsed(text, defaultPort: defaultPort)
        guard parsed.username == nil, parsed.password == nil, parsed.database == nil else {
            throw RedisError(
                .unsuitable, "the address \(parsed.address) must not include a user, password or database")
        }
        self = parsed.address
    }

    /// Parses the address in an error such as `MOVED 3999 127.0.0.1:6381`; nil if there is none.
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

extension RedisAddress {
    /// A parsed address, including credentials and database.
    struct Parsed {
        var address: RedisAddress
        var username: String?
        var password: String?
        var database: Int?

        init(_ text: String, defaultPort: Int = 6379) throws(RedisError) {
            if text.hasPrefix("/") {
                address = RedisAddress(.socket(path: text))
            } else if let path = text.dropping(prefix: "unix://") {
                guard path.hasPrefix("/") else { throw Self.mistake("unix:// requires an absolute path") }
                address = RedisAddress(.socket(path: String(path)), encryption: .none)
            } else if let rest = text.dropping(prefix: "redis://") {
                address = RedisAddress(.socket(path: ""))
                try readURL(rest, encryption: .none, defaultPort: defaultPort)
            } else if let rest = text.dropping(prefix: "rediss://") {
                address = RedisAddress(.socket(path: ""))
                try readURL(rest, encryption: .required, defaultPort: defaultPort)
            } else if text.contains("://") {
                throw Self.mistake("the scheme must be redis://, rediss:// or unix://")
            } else if text.contains("@") || text.contains("/") {
                throw Self.mistake(
                    "an address with a user or database must begin with redis:// or rediss://")
            } else {
                address = RedisAddress(try Self.host(text, defaultPort: defaultPort))
            }
        }

        private mutating func readURL(
            _ text: Substring, encryption: Encryption, defaultPort: Int
        ) throws(RedisError) {
            var rest = text
            // The last @ ends the credentials: a password may contain an unencoded one.
            if let at = rest.lastIndex(of: "@") {
                let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                let user = try Self.decoded(parts[0])
                username = user.isEmpty ? nil : user
                password = parts.count > 1 ? try Self.decoded(parts[1]) : nil
                rest = rest[rest.index(after: at)...]
            }
            if rest.contains("?") || rest.contains("#") { throw Self.mistake("? and # are not allowed") }
            if let slash = rest.firstIndex(of: "/") {
                let number = rest[rest.index(after: slash)...]
                if !number.isEmpty {
                    guard let value = Int(number), value >= 0 else {
                        throw Self.mistake("only a database number may follow the /")
                    }
                    database = value
                }
                rest = rest[..<slash]
            }
            let place = try Self.host(String(rest), defaultPort: defaultPort)
            address = RedisAddress(place, encryption: encryption)
        }

        private static func host(_ text: String, defaultPort: Int) throws(RedisError) -> Place {
            var name = text[...]
            var portText: Substring?
            if text.hasPrefix("[") {
                guard let end = text.firstIndex(of: "]") else { throw mistake("missing ]") }
                name = text[text.index(after: text.startIndex)..<end]
                let rest = text[text.index(after: end)...]
                guard rest.isEmpty || rest.hasPrefix(":") else {
                    throw mistake("only a port may follow the ]")
                }
                portText = rest.isEmpty ? nil : rest.dropFirst()
            } else if let colon = text.firstIndex(of: ":") {
                guard colon == text.lastIndex(of: ":") else {
                    throw mistake("an IPv6 address must be in brackets, as in [::1]:6379")
                }
                name = text[..<colon]
                portText = text[text.index(after: colon)...]
            }
            guard !name.isEmpty else { throw mistake("missing host") }
            guard !name.contains(where: \.isWhitespace) else { throw mistake("the host contains a space") }
            guard let portText else { return .host(String(name), port: defaultPort) }
            guard let port = Int(portText), RedisAddress.ports ~= port else {
                throw mistake("the port must be between 1 and 65535")
            }
            return .host(String(name), port: port)
        }

        private static func decoded(_ text: Substring) throws(RedisError) -> String {
            var bytes: [UInt8] = []
            var rest = text.utf8[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    bytes.append(byte)
                    continue
                }
                guard let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16), rest.count >= 2 else {
                    throw mistake("a % in the user or password must be written as %25")
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// Never quotes the address, which may contain a password.
        private static func mistake(_ reason: String) -> RedisError {
            RedisError(.unsuitable, "invalid Redis address: \(reason)")
        }
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}

#endif
