import Foundation
import XQueueServer

/// Configuration of who may call the server.
struct AuthSettings: Sendable {
    /// A plaintext token with full access, usually from an environment variable.
    var token: String?
    /// The tokens of the file, which stores only their hashes.
    var tokens: [AccessToken] = []
    var jwt = JWTSettings()
    var rateLimit = 0
    var rateBurst = 0
    var sessionLifetime = AccessConfiguration().sessionLifetime
    var maxSessions = AccessConfiguration().maxSessions
    var maxFailures = AccessConfiguration().maxFailures

    /// Name of the token in ``token``.
    static let tokenName = "auth.token"

    /// Whether callers must authenticate.
    var isLocked: Bool { token != nil || !tokens.isEmpty || jwt.isOn }

    /// Returns the server's access configuration, after reading the files it names.
    ///
    /// - Throws: ``ConfigurationError`` for a token that is too short or an unusable key. No message repeats a secret.
    func access() async throws(ConfigurationError) -> AccessConfiguration {
        var access = AccessConfiguration()
        access.tokens = tokens
        if let token {
            guard token.utf8.count >= AccessToken.minLength else {
                throw Self.problem(
                    "auth.token: must have at least \(AccessToken.minLength) characters; "
                        + "'xqueue token new' makes one")
            }
            access.tokens.append(
                AccessToken(name: Self.tokenName, hash: TokenHash(of: token), scopes: .admin))
        }
        access.rateLimit = rateLimit
        access.rateBurst = rateBurst
        access.sessionLifetime = sessionLifetime
        access.maxSessions = maxSessions
        access.maxFailures = maxFailures
        guard jwt.isOn else { return access }
        let rules = try jwt.rules()
        if let problem = await rules.problem() { throw Self.problem("auth.jwt: \(problem)") }
        access.jwt = rules
        return access
    }

    fileprivate static func problem(_ text: String) -> ConfigurationError {
        ConfigurationError(.configuration, [text])
    }
}

/// Configuration of the trusted JSON Web Tokens.
struct JWTSettings: Sendable {
    var secret: String?
    var publicKeyFile: String?
    var keySetFile: String?
    var issuer: String?
    var audience: String?

    var isOn: Bool { secret != nil || publicKeyFile != nil || keySetFile != nil }

    fileprivate func rules() throws(ConfigurationError) -> JWTRules {
        var rules = JWTRules()
        rules.secret = secret
        rules.publicKey = try Self.text(of: publicKeyFile, "auth.jwt.public_key_file")
        rules.keySet = try Self.text(of: keySetFile, "auth.jwt.jwks_file")
        rules.issuer = issuer
        rules.audience = audience
        return rules
    }

    private static func text(of path: String?, _ key: String) throws(ConfigurationError) -> String? {
        guard let path else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw AuthSettings.problem("\(key): cannot read '\(path)'")
        }
        return text
    }
}

/// Configuration of the server's certificate.
struct TLSSettings: Sendable {
    var certificateFile: String?
    var keyFile: String?

    /// The certificate files; nil without TLS.
    var files: CertificateFiles? {
        guard let certificateFile, let keyFile else { return nil }
        return CertificateFiles(certificateFile: certificateFile, keyFile: keyFile)
    }
}
