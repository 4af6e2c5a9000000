import XQueueServer

extension SettingsTable {
    /// Who may call the server, and how it is reached. The section `auth.tokens` exists only in the file.
    static let access: [Setting] = [
        Setting(
            "server.insecure", .flag, \.isInsecure,
            "Allow listening beyond loopback without requiring tokens.", onFlag: "--insecure"),
        Setting(
            "server.hosts", .hosts, \.server.hosts,
            "Host names of this server besides localhost, comma-separated; without tokens, requests for others are rejected."
        ),
        Setting(
            "server.tls.cert_file", .optionalPath, \.tls.certificateFile,
            "Certificate chain of the server, in PEM; empty = no TLS."),
        Setting(
            "server.tls.key_file", .optionalPath, \.tls.keyFile,
            "Private key of that certificate, in PEM."),
        Setting(
            "server.cors.origins", .origins, \.server.allowedOrigins,
            "Origins whose pages may call the API from a browser, comma-separated; empty = none but its own."),

        Setting(
            "auth.token", .secret, \.auth.token,
            "A token with full access; best set by variable. Further tokens go into the file, as hashes."),
        Setting(
            "auth.rate_limit", .integer(0...1_000_000), \.auth.rateLimit,
            "Maximum sustained rate of requests per second with one token; 0 = no limit."),
        Setting(
            "auth.rate_burst", .integer(0...1_000_000), \.auth.rateBurst,
            "Maximum burst of requests with one token; 0 = as many as in a second."),
        Setting(
            "auth.session_lifetime", .duration(.seconds(60)...(.seconds(30 * 86_400))),
            \.auth.sessionLifetime, "How long a console session lasts."),
        Setting(
            "auth.max_sessions", .integer(1...100_000), \.auth.maxSessions,
            "Maximum number of console sessions; one token may have a tenth of them unless its quota says otherwise."
        ),
        Setting(
            "auth.max_failures", .integer(0...1_000_000), \.auth.maxFailures,
            "Wrong tokens from one address within a minute before it is throttled; 0 = no limit."),
        Setting(
            "auth.jwt.secret", .secret, \.auth.jwt.secret,
            "Secret that signs JSON Web Tokens (HS256), at least 32 bytes; best set by variable."),
        Setting(
            "auth.jwt.public_key_file", .optionalPath, \.auth.jwt.publicKeyFile,
            "Public key that verifies JSON Web Tokens, in PEM: RSA, P-256, P-384 or Ed25519."),
        Setting(
            "auth.jwt.jwks_file", .optionalPath, \.auth.jwt.keySetFile,
            "JSON Web Key Set (JWKS) of such public keys."),
        Setting(
            "auth.jwt.issuer", .optionalText, \.auth.jwt.issuer,
            "Required `iss` of a JSON Web Token; empty = any."),
        Setting(
            "auth.jwt.audience", .optionalText, \.auth.jwt.audience,
            "Value that `aud` of a JSON Web Token must contain; empty = any."),
    ]
}

extension SettingKind<[String]> {
    /// Names or addresses as in a request's `Host` header, without ports.
    static let hosts = SettingKind(
        legal: "host names like xqueue.example.com, comma-separated, without scheme or port",
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
        legal: "origins like https://app.example.com, comma-separated, or * for all",
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
