import XQueueServer

extension SettingsTable {
    /// Who may call the server, and how it is reached; `auth.tokens` is a section that only the file holds.
    static let access: [Setting] = [
        Setting(
            "server.insecure", .flag, \.isInsecure,
            "Listen where others can connect, though nobody is asked for a token.", onFlag: "--insecure"),
        Setting(
            "server.hosts", .hosts, \.server.hosts,
            "Host names of this server besides localhost, separated by commas; others are rejected if no token is asked for."
        ),
        Setting(
            "server.tls.cert_file", .optionalPath, \.tls.certificateFile,
            "The server's certificate and those that vouch for it, in PEM; empty for no TLS."),
        Setting(
            "server.tls.key_file", .optionalPath, \.tls.keyFile,
            "The private key of that certificate, in PEM."),
        Setting(
            "server.cors.origins", .origins, \.server.allowedOrigins,
            "Whose pages may call the API from a browser, separated by commas; empty for nobody else's."),

        Setting(
            "auth.token", .secret, \.auth.token,
            "One token that may do everything; best set by variable. More stand in the file, as hashes."),
        Setting(
            "auth.rate_limit", .integer(0...1_000_000), \.auth.rateLimit,
            "The most requests a second with one token, in the long run; 0 for no limit."),
        Setting(
            "auth.rate_burst", .integer(0...1_000_000), \.auth.rateBurst,
            "The most requests with one token at once; 0 for as many as in a second."),
        Setting(
            "auth.session_lifetime", .duration(.seconds(60)...(.seconds(30 * 86_400))),
            \.auth.sessionLifetime, "How long a console stays logged in."),
        Setting(
            "auth.max_sessions", .integer(1...100_000), \.auth.maxSessions,
            "Maximum number of logged-in consoles; a token has a tenth of them unless its quota says otherwise."
        ),
        Setting(
            "auth.max_failures", .integer(0...1_000_000), \.auth.maxFailures,
            "Wrong tokens from one address within a minute before it is slowed down; 0 = no limit."),
        Setting(
            "auth.jwt.secret", .secret, \.auth.jwt.secret,
            "The secret that signs JSON Web Tokens (HS256), at least 32 bytes; best set by variable."),
        Setting(
            "auth.jwt.public_key_file", .optionalPath, \.auth.jwt.publicKeyFile,
            "The public key that checks JSON Web Tokens, in PEM: RSA, P-256, P-384 or Ed25519."),
        Setting(
            "auth.jwt.jwks_file", .optionalPath, \.auth.jwt.keySetFile,
            "A set of such keys in JSON (JWKS)."),
        Setting(
            "auth.jwt.issuer", .optionalText, \.auth.jwt.issuer,
            "What `iss` of a JSON Web Token must be; empty for anything."),
        Setting(
            "auth.jwt.audience", .optionalText, \.auth.jwt.audience,
            "What `aud` of a JSON Web Token must hold; empty for anything."),
    ]
}

extension SettingKind<[String]> {
    /// Names or addresses as the `Host` of a request has them, without ports.
    static let hosts = SettingKind(
        legal: "host names like xqueue.example.com, without scheme and port, separated by commas",
        parse: { text in
            let hosts = text.split(separator: ",").map { $0.filter { $0 != " " } }
            return hosts.allSatisfy(isHost) ? hosts : nil
        },
        format: { $0.joined(separator: ",") })

    private static func isHost(_ text: String) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") {
            return text.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        return !text.isEmpty
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    }

    /// Origins as browsers write them.
    static let origins = SettingKind(
        legal: "origins like https://app.example.com, separated by commas, or * for all",
        parse: { text in
            let origins = text.split(separator: ",").map { $0.filter { $0 != " " } }
            return origins.allSatisfy(isOrigin) ? origins : nil
        },
        format: { $0.joined(separator: ",") })

    private static func isOrigin(_ text: String) -> Bool {
        if text == "*" { return true }
        guard let mark = text.firstRange(of: "://") else { return false }
        let place = text[mark.upperBound...]
        return ["http", "https"].contains(text[..<mark.lowerBound]) && !place.isEmpty
            && !place.contains { "/?#@*".contains($0) }
    }
}
