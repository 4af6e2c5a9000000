import Foundation
import JWTKit
import XQueueCore

/// The keys that verify JSON Web Tokens, parsed from ``JWTRules``.
struct JWTKeys {
    let collection: JWTKeyCollection
    /// The set's unusable keys, each with the reason.
    private(set) var unusable: [String] = []

    /// Holds either the secret or the public keys, never both: a public key must never be used as an HMAC secret.
    ///
    /// - Throws: An error if no key is usable or the key set is malformed.
    init(_ rules: JWTRules, forSecret isSecret: Bool) async throws {
        collection = JWTKeyCollection()
        if isSecret {
            guard let secret = rules.secret else { throw JWTProblem.algorithm }
            await collection.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
            return
        }
        if let keySet = rules.keySet { try await add(set: keySet) }
        if let publicKey = rules.publicKey { try await add(pem: publicKey) }
    }

    private mutating func add(set text: String) async throws {
        let members = try RawJSON.members(of: text)
        guard let keys = try members?.first(where: { $0.name == "keys" })?.value.elements() else {
            throw JWTProblem.noKeySet
        }
        for (index, key) in keys.enumerated() {
            let members = (try? key.members()) ?? []
            let id = members.first { $0.name == "kid" }?.value.string
            let name = id.map { "'\($0.truncated(toBytes: 100))'" } ?? "number \(index + 1)"
            do {
                try await add(key: try JWK(json: key.text))
            } catch {
                unusable.append("key \(name): \(error)")
            }
        }
        guard unusable.count < keys.count else {
            throw JWTProblem.noUsableKey(unusable.first ?? "the set is empty")
        }
    }

    private func add(key: JWK) async throws {
        // JWTKit supports no shared secrets here, and requires a `kid`.
        try await collection.add(jwk: key)
    }

    private func add(pem: String) async throws {
        if let key = try? ES256PublicKey(pem: pem) {
            await collection.add(ecdsa: key)
        } else if let key = try? ES384PublicKey(pem: pem) {
            await collection.add(ecdsa: key)
        } else if let key = try? EdDSA.PublicKey(pem: pem) {
            await collection.add(eddsa: key)
        } else {
            await collection.add(rsa: try Insecure.RSA.PublicKey(pem: pem), digestAlgorithm: .sha256)
        }
    }
}

/// What is wrong with a token or with the keys.
enum JWTProblem: Error, CustomStringConvertible {
    case malformed, algorithm, critical, issuer, audience
    case noKeySet
    case noUsableKey(String)

    var description: String {
        switch self {
        case .malformed: "malformed token"
        case .algorithm: "no key for the token's algorithm"
        case .critical: "unsupported critical extensions"
        case .issuer: "wrong issuer"
        case .audience: "wrong audience"
        case .noKeySet: "a key set must have a 'keys' array"
        case .noUsableKey(let first): "no usable key in the key set (\(first))"
        }
    }
}
