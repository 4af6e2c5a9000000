import Crypto
import Foundation
import XQueueCore

@testable import XQueueServer

extension FuzzReader {
    /// Two lines, the header and the claims of a JSON Web Token, which is signed here: mutations would break any
    /// signature. One line is a whole token.
    static let jwt = FuzzReader.awaited("jwt") { bytes in
        let now = Timestamp(milliseconds: 1_764_000_000_000)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1).map { Array($0) }
        let token = lines.count == 2 ? signed(lines) : String(decoding: bytes, as: UTF8.self)
        guard let caller = try? await rules.verify(token, generation: 1, now: now) else { return false }
        try require((caller.name ?? "").utf8.count <= 200, "a long name")
        guard case .jwt(_, let expiry) = caller.proof else { throw BrokenProperty(description: "no proof") }
        try require(expiry > now, "expired at \(expiry)")
        return true
    }

    /// A set of public keys, or one in PEM.
    static let jwtKeys = FuzzReader.awaited("jwt-keys") { bytes in
        var rules = JWTRules()
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("-") { rules.publicKey = text } else { rules.keySet = text }
        let problem = await rules.problem()
        let unusable = await rules.unusableKeys()
        try require(problem == nil || unusable.isEmpty, "unusable keys of an unusable set")
        return problem == nil
    }

    /// Hashes of tokens.
    static let tokenHash = FuzzReader("token-hash") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let hash = TokenHash(hex: text) else { return false }
        try require(hash.hex == text.lowercased(), "\(text) is written as \(hash.hex)")
        return true
    }

    private static let secret = "a secret of more than thirty-two bytes, for tests"
    private static let rules = {
        var rules = JWTRules()
        rules.secret = secret
        return rules
    }()

    private static func signed(_ parts: [[UInt8]]) -> String {
        let text = parts.map(base64).joined(separator: ".")
        let key = SymmetricKey(data: Data(secret.utf8))
        let signature = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
        return text + "." + base64(Array(signature))
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
