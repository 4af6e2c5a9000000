import Foundation
import JWTKit
import XQueueCore

/// Which JSON Web Tokens are accepted, and the claims they must have.
///
/// A token needs `exp` and a `scope` such as `submit read`; `types` may limit it to task types.
public struct JWTRules: Sendable, Hashable {
    /// Secret shared with the issuer (HS256); at least 32 bytes.
    public var secret: String?
    /// The issuer's public key in PEM: RSA (RS256), P-256 (ES256), P-384 (ES384) or Ed25519.
    public var publicKey: String?
    /// JSON Web Key Set (RFC 7517); a token's `kid` selects the key.
    public var keySet: String?
    /// Required `iss`; nil for any.
    public var issuer: String?
    /// Required member of `aud`; nil for any.
    public var audience: String?

    public init() {}

    /// Describes what is wrong with the keys; nil if they are usable. One usable key of a key set is enough: see
    /// ``unusableKeys()``.
    public func problem() async -> String? {
        if let secret, secret.utf8.count < 32 { return "the secret must be at least 32 bytes long" }
        guard secret != nil || publicKey != nil || keySet != nil else { return "no key" }
        do {
            _ = try await JWTKeys(self, forSecret: false)
            return nil
        } catch {
            return "cannot read the keys: \(error)"
        }
    }

    /// The key set's unusable keys, which are skipped, each with the reason.
    public func unusableKeys() async -> [String] {
        (try? await JWTKeys(self, forSecret: false).unusable) ?? []
    }

    /// Verifies a token and returns the caller it identifies.
    ///
    /// - Throws: An error if the token is not valid.
    func verify(_ token: String, generation: Int, now: Timestamp) async throws -> Caller {
        let algorithm = try Self.algorithm(of: token)
        let keys = try await JWTKeys(self, forSecret: algorithm.hasPrefix("HS"))
        let claims = try await keys.collection.verify(token, as: Claims.self)
        let date = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
        try claims.exp.verifyNotExpired(currentDate: date)
        try claims.nbf?.verifyNotBefore(currentDate: date)
        if let issuer, claims.iss?.value != issuer { throw JWTProblem.issuer }
        if let audience {
            guard claims.aud?.values.contains(audience) == true else { throw JWTProblem.audience }
        }
        // Capped at a far-off date, so that the conversion cannot overflow.
        let expiry = Timestamp(
            milliseconds: Int64(min(claims.exp.value.timeIntervalSince1970, 1e11) * 1000))
        return Caller(
            name: claims.sub?.value.truncated(toBytes: 200) ?? "jwt", scopes: claims.scopes,
            types: claims.types.map { Set($0.words) }, proof: .jwt(generation: generation, expiresAt: expiry))
    }

    /// The algorithm in a token's header.
    ///
    /// - Throws: ``JWTProblem`` if there is none, or if the header has critical extensions (`crit`, RFC 7515, section
    ///   4.1.11), none of which are supported.
    private static func algorithm(of token: String) throws -> String {
        guard let part = token.split(separator: ".", omittingEmptySubsequences: false).first,
            let data = Data(base64Encoded: Self.padded(part)),
            let members = try RawJSON.members(of: String(decoding: data, as: UTF8.self))
        else { throw JWTProblem.malformed }
        guard !members.contains(where: { $0.name == "crit" }) else { throw JWTProblem.critical }
        guard let algorithm = members.first(where: { $0.name == "alg" })?.value.string else {
            throw JWTProblem.malformed
        }
        return algorithm
    }

    private static func padded(_ part: Substring) -> String {
        let text = part.replacing("-", with: "+").replacing("_", with: "/")
        return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    }
}

/// The claims of a JWT.
private struct Claims: JWTPayload {
    let sub: SubjectClaim?
    let iss: IssuerClaim?
    let aud: Audiences?
    let exp: ExpirationClaim
    let nbf: NotBeforeClaim?
    let scope: Words?
    let types: Words?

    var scopes: AccessScopes {
        (scope?.words ?? []).reduce(into: []) { scopes, word in
            // The claim may also hold other services' scopes.
            if let scope = AccessScopes(word: word) { scopes.formUnion(scope) }
        }
    }

    /// Does nothing: ``JWTRules`` checks the times, by the queue's clock.
    func verify(using algorithm: some JWTAlgorithm) {}
}

/// Words in an array, or in one space-separated string as in OAuth.
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

/// A token's audience: one string, which may contain spaces, or an array of strings (RFC 7519, section 4.1.3).
private struct Audiences: Codable {
    let values: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            values = [text]
        } else {
            values = try container.decode([String].self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}
