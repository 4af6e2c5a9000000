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

    /// What is wrong with the keys, in words; nil if they can be used. Of a key set, one usable key is enough:
    /// see ``unusableKeys()``.
    public func problem() async -> String? {
        if let secret, secret.utf8.count < 32 { return "the secret must have at least 32 bytes" }
        guard secret != nil || publicKey != nil || keySet != nil else { return "there is no key" }
        do {
            _ = try await JWTKeys(self, forSecret: false)
            return nil
        } catch {
            return "the keys cannot be read: \(error)"
        }
    }

    /// The keys of the set that are passed by, each with what is wrong with it.
    public func unusableKeys() async -> [String] {
        (try? await JWTKeys(self, forSecret: false).unusable) ?? []
    }

    /// Who a token says its bearer is.
    ///
    /// - Throws: Whatever is wrong with the token.
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
        // A year in which nobody will ask any more, so that no number is too large.
        let expiry = Timestamp(
            milliseconds: Int64(min(claims.exp.value.timeIntervalSince1970, 1e11) * 1000))
        return Caller(
            name: claims.sub?.value.truncated(toBytes: 200) ?? "jwt", scopes: claims.scopes,
            types: claims.types.map { Set($0.words) }, proof: .jwt(generation: generation, expiresAt: expiry))
    }

    /// The algorithm a token's header names.
    ///
    /// - Throws: ``JWTProblem`` if it has none, or demands what is not understood here (`crit`, RFC 7515, section
    ///   4.1.11).
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

/// What a JWT says.
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

/// For whom a token is: one text, which may hold spaces, or an array of them (RFC 7519, section 4.1.3).
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
