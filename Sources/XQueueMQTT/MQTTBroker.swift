#if MQTT

/// A broker's address and transport.
public struct MQTTBroker: Sendable, Hashable {
    /// The transport that carries the protocol.
    public enum Transport: Sendable, Hashable {
        case tcp
        /// WebSocket, at a path on the web server.
        case webSocket(path: String)
    }

    public var transport: Transport
    public var host: String
    /// 1 to 65535.
    public var port: Int
    public var usesTLS: Bool

    public init(_ transport: Transport = .tcp, host: String, port: Int, usesTLS: Bool = false) {
        self.transport = transport
        self.host = host
        self.port = port
        self.usesTLS = usesTLS
    }

    /// Parses `tcp://host:1883`, `mqtt://`, `mqtts://`, `ssl://`, `ws://host:8080/mqtt`, `wss://`. The default
    /// port is 1883, or 8883 with TLS, or 80 or 443 for WebSocket; the default WebSocket path is `/mqtt`.
    ///
    /// - Throws: ``MQTTError`` with kind `invalid`; the message repeats nothing that may be a password.
    public init(_ address: String) throws(MQTTError) {
        guard let separator = address.firstRange(of: "://") else {
            throw Self.invalid("must start with tcp://, mqtts://, ws:// or wss://")
        }
        let scheme = address[..<separator.lowerBound].lowercased()
        guard let known = Self.schemes[scheme] else {
            throw Self.invalid("must start with tcp://, mqtts://, ws:// or wss://, not \(scheme)://")
        }
        let rest = address[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let path = String(rest.dropFirst(authority.count))
        guard !authority.contains("@") else {
            throw Self.invalid("must not contain a password; use mqtt.username and mqtt.password")
        }
        guard path.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
            throw Self.invalid("has an invalid path")
        }
        let (host, port) = try Self.place(authority, known.port)
        self.host = host
        self.port = port
        usesTLS = known.usesTLS
        if known.isWebSocket {
            transport = .webSocket(path: path.isEmpty || path == "/" ? "/mqtt" : path)
        } else {
            guard path.isEmpty || path == "/" else { throw Self.invalid("must have no path") }
            transport = .tcp
        }
    }

    /// The address, for people.
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        switch transport {
        case .tcp: return "\(usesTLS ? "mqtts" : "tcp")://\(name):\(port)"
        case .webSocket(let path): return "\(usesTLS ? "wss" : "ws")://\(name):\(port)\(path)"
        }
    }

    private struct Scheme {
        let port: Int
        let usesTLS: Bool
        let isWebSocket: Bool
    }

    private static let schemes: [String: Scheme] = {
        let plain = Scheme(port: 1883, usesTLS: false, isWebSocket: false)
        let secure = Scheme(port: 8883, usesTLS: true, isWebSocket: false)
        return [
            "tcp": plain, "mqtt": plain, "ssl": secure, "tls": secure, "mqtts": secure,
            "ws": Scheme(port: 80, usesTLS: false, isWebSocket: true),
            "wss": Scheme(port: 443, usesTLS: true, isWebSocket: true),
        ]
    }()

    private static func place(
        _ authority: Substring, _ usualPort: Int
    ) throws(MQTTError) -> (host: String, port: Int) {
        var host = authority
        var port = usualPort
        let afterName = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[afterName...].lastIndex(of: ":") {
            host = authority[..<colon]
            let digits = authority[authority.index(after: colon)...]
            guard let number = Int(digits), 1...65_535 ~= number, digits.allSatisfy(\.isNumber) else {
                throw invalid("has a port outside 1 to 65535")
            }
            port = number
        }
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, host.allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 != "[" && $0 != "]" })
        else { throw invalid("has no valid host") }
        return (String(host), port)
    }

    private static func invalid(_ what: String) -> MQTTError {
        MQTTError(.invalid, "the broker address \(what)")
    }
}

#endif
