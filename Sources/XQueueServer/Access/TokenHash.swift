import Crypto

/// The SHA-256 hash of a secret; the secret itself is not kept.
///
/// Hashes are compared in constant time, so timing does not reveal where they differ.
public struct TokenHash: Sendable, Hashable {
    private let words: SIMD4<UInt64>

    /// The hash of `secret`.
    public init(of secret: String) {
        var hasher = SHA256()
        var secret = secret
        secret.withUTF8 { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        words = hasher.finalize().withUnsafeBytes { bytes in
            SIMD4((0..<4).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self).bigEndian })
        }
    }

    /// Parses 64 hexadecimal digits; nil for any other text.
    public init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        var words = SIMD4<UInt64>()
        for index in 0..<4 {
            let part = String(decoding: digits[index * 16..<index * 16 + 16], as: UTF8.self)
            guard part.allSatisfy(\.isHexDigit), let word = UInt64(part, radix: 16) else { return nil }
            words[index] = word
        }
        self.words = words
    }

    /// 64 hexadecimal digits, as `sha256sum` writes them.
    public var hex: String {
        (0..<4).map { index in
            let digits = String(words[index], radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    public static func == (lhs: TokenHash, rhs: TokenHash) -> Bool {
        let difference = lhs.words ^ rhs.words
        return difference[0] | difference[1] | difference[2] | difference[3] == 0
    }

    public func hash(into hasher: inout Hasher) {
        // Eight bytes of a SHA-256 hash distribute well enough for a hash table.
        hasher.combine(words[0])
    }
}

/// Unguessable secrets.
public enum RandomSecret {
    /// Returns `prefix` followed by 256 random bits in 43 URL-safe characters.
    public static func make(prefix: String = "") -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let key = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        var text: [UInt8] = []
        var (bits, count) = (UInt32(0), 0)
        for byte in key {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
        }
        text.append(alphabet[Int(bits << UInt32(6 - count) & 63)])
        return prefix + String(decoding: text, as: UTF8.self)
    }
}
