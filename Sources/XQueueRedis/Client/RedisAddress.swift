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

extension RedisAddress {
    /// An address as a user writes it, with all that it may carry.
    struct Parsed {
        var address: RedisAddress
        var username: String?
        var password: String?
        var database: Int?

        init(_ text: String, defaultPort: Int = 6379) throws(RedisError) {
            if text.hasPrefix("/") {
                address = RedisAddress(.socket(path: text))
            } else if let path = text.dropping(prefix: "unix://") {
                guard path.hasPrefix("/") else { throw Self.mistake("unix:// needs an absolute path") }
                address = RedisAddress(.socket(path: String(path)), encryption: .none)
            } else if let rest = text.dropping(prefix: "redis://") {
                address = RedisAddress(.socket(path: ""))
                try readURL(rest, encryption: .none, defaultPort: defaultPort)
            } else if let rest = text.dropping(prefix: "rediss://") {
                address = RedisAddress(.socket(path: ""))
                try readURL(rest, encryption: .required, defaultPort: defaultPort)
            } else if text.contains("://") {
                throw Self.mistake("only redis://, rediss:// and unix:// are known")
            } else if text.contains("@") || text.contains("/") {
                throw Self.mistake(
                    "a user or a database needs an address that begins with redis:// or rediss://")
            } else {
                address = RedisAddress(try Self.host(text, defaultPort: defaultPort))
            }
        }

        private mutating func readURL(
            _ text: Substring, encryption: Encryption, defaultPort: Int
        ) throws(RedisError) {
            var rest = text
            // The last @ ends the credentials: a password may hold one that was not encoded.
            if let at = rest.lastIndex(of: "@") {
                let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                let user = try Self.decoded(parts[0])
                username = user.isEmpty ? nil : user
                password = parts.count > 1 ? try Self.decoded(parts[1]) : nil
                rest = rest[rest.index(after: at)...]
            }
            if rest.contains("?") || rest.contains("#") { throw Self.mistake("it takes no ? or #") }
            if let slash = rest.firstIndex(of: "/") {
                let number = rest[rest.index(after: slash)...]
                if !number.isEmpty {
                    guard let value = Int(number), value >= 0 else {
                        throw Self.mistake("what follows the last / must be a database number")
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
                guard let end = text.firstIndex(of: "]") else { throw mistake("the ] is missing") }
                name = text[text.index(after: text.startIndex)..<end]
                let rest = text[text.index(after: end)...]
                guard rest.isEmpty || rest.hasPrefix(":") else {
                    throw mistake("only a port may follow the ]")
                }
                portText = rest.isEmpty ? nil : rest.dropFirst()
            } else if let colon = text.firstIndex(of: ":") {
                guard colon == text.lastIndex(of: ":") else {
                    throw mistake("an IPv6 address stands in brackets, as in [::1]:6379")
                }
                name = text[..<colon]
                portText = text[text.index(after: colon)...]
            }
            guard !name.isEmpty else { throw mistake("the host is missing") }
            guard !name.contains(where: \.isWhitespace) else { throw mistake("the host has a space in it") }
            guard let portText else { return .host(String(name), port: defaultPort) }
            guard let port = Int(portText), RedisAddress.ports ~= port else {
                throw mistake("the port must be a number from 1 to 65535")
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
                    throw mistake("a % in the user or the password must be written as %25")
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// Never repeats the text: there may be a password in it.
        private static func mistake(_ reason: String) -> RedisError {
            RedisError(.unfit, "the address of Redis cannot be read: \(reason)")
        }
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}

#endif
