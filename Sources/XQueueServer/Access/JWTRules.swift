import Foundation
import JWTKit
import XQueueCore

/// Which JSON Web Tokens are trusted, and what they must say.
///
/// A token needs an `exp`, and a `scope` of words like `submit read`; `types` may limit it to task types.
public struct JWTRules: Sendable, Hashable {
    /// A secret that whoever makes tokens shares with the server (HS256); at least 32 bytes.
    public var secret: String?
    /// The public key of whoever makes tokens, in PEM: RSA (RS256), P-256 (ES256), P-384 (ES384) or Ed25519.
    public var publicKey: String?
    /// A set of keys (RFC 7517), of which a token's `kid` names one.
    public var keySet: String?
    /// What `iss` must be; nil for anything.
    public var issuer: String?
    /// What `aud` must hold; nil for anything.
    public var audience: String?

    public init() {}

    /// What is wrong with the keys, in words; nil if they can be used.
    public func problem() async -> String? {
        if let secret, secret.utf8.count < 32 { return "the secret must have at least 32 bytes" }
        guard secret != nil || publicKey != nil || keySet != nil else { return "there is no key" }
        do {
            _ = try await keys(forSecret: false)
            return nil
        } catch {
            return "the keys cannot be read: \(error)"
        }
    }

    /// Who a token says its bearer is.
    ///
    /// - Throws: Whatever is wrong with the token.
    func verify(_ token: String, generation: Int, now: Timestamp) async throws -> Caller {
        // A public key must never be taken for a secret, so the two kinds are kept apart.
        let isSecret = try Self.algorithm(of: token).hasPrefix("HS")
        let claims = try await keys(forSecret: isSecret).verify(token, as: Claims.self)
        let date = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
        try claims.exp.verifyNotExpired(currentDate: date)
        try claims.nbf?.verifyNotBefore(currentDate: date)
        if let issuer, claims.iss?.value != issuer { throw Problem.issuer }
        if let audience {
            guard claims.aud?.words.contains(audience) == true else { throw Problem.audience }
        }
        // A year in which nobody will ask any more, so that no number is too large.
        let expiry = Timestamp(
            milliseconds: Int64(min(claims.exp.value.timeIntervalSince1970, 1e11) * 1000))
        return Caller(
            name: claims.sub?.value.truncated(toBytes: 200) ?? "jwt", scopes: claims.scopes,
            types: claims.types.map { Set($0.words) }, proof: .jwt(generation: generation, expiresAt: expiry))
    }

    private func keys(forSecret isSecret: Bool) async throws -> JWTKeyCollection {
        let keys = JWTKeyCollection()
        if isSecret {
            guard let secret else { throw Problem.algorithm }
            return await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        }
        if let keySet { try await keys.add(jwksJSON: keySet) }
        if let publicKey { try await Self.add(publicKey, to: keys) }
        return keys
    }

    private static func add(_ pem: String, to keys: JWTKeyCollection) async throws {
        if let key = try? ES256PublicKey(pem: pem) {
            await keys.add(ecdsa: key)
        } else if let key = try? ES384PublicKey(pem: pem) {
            await keys.add(ecdsa: key)
        } else if let key = try? EdDSA.PublicKey(pem: pem) {
            await keys.add(eddsa: key)
        } else {
            await keys.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha256)
        }
    }

    private static func algorithm(of token: String) throws -> String {
        struct Header: Decodable { let alg: String }
        guard let part = token.split(separator: ".", omittingEmptySubsequences: false).first,
            let data = Data(base64Encoded: Self.padded(part))
        else { throw Problem.malformed }
        return try JSONDecoder().decode(Header.self, from: data).alg
    }

    private static func padded(_ part: Substring) -> String {
        let text = part.replacing("-", with: "+").replacing("_", with: "/")
        return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    }

    private enum Problem: Error {
        case malformed, algorithm, issuer, audience
    }
}

/// What a JWT says.
private struct Claims: JWTPayload {
    let sub: SubjectClaim?
    let iss: IssuerClaim?
    let aud: Words?
    let exp: ExpirationClaim
    let nbf: NotBeforeClaim?
    let scope: Words?
    let types: Words?

    var scopes: AccessScopes {
        (scope?.words ?? []).reduce(into: []) { scopes, word in
            // Words that others understand stand there, too.
            if let scope = AccessScopes(word: word) { scopes.formUnion(scope) }
        }
    }

    /// The times are checked by whoever knows the time.
    func verify(using algorithm: some JWTAlgorithm) {}
}

/// Words in an array, or in one text with spaces between, as OAuth has it.
private struct Words: Codable {
    let words: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            words = text.split(separator: " ").map(String.init)
        } else {
            words = try container.decode([String].self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(words)
    }
}
