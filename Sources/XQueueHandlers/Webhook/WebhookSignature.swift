import Crypto
import XQueueCore

/// A secret for signing requests. Its value is never printed.
public struct WebhookSecret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// Minimum length of a secret, in bytes.
    public static let minBytes = 16

    package let bytes: [UInt8]

    /// Creates a secret.
    ///
    /// - Parameter bytes: The secret; fails with fewer than ``minBytes``.
    public init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count >= Self.minBytes else { return nil }
        self.bytes = bytes
    }

    /// A placeholder instead of the value.
    public var description: String { "(set)" }

    /// An empty mirror, which hides the value.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Signs requests, so that a service can detect forged and replayed ones.
///
/// The header is `X-XQueue-Signature: t=TIME,v1=SIGNATURE`: the time in seconds since 1970, and the HMAC-SHA256, in
/// hexadecimal, of the time, a dot, and the body. A service computes the same, compares in constant time, and rejects
/// times more than five minutes from its own.
enum WebhookSignature {
    static let header = "X-XQueue-Signature"

    static func value(of body: [UInt8], secret: WebhookSecret, at time: Timestamp) -> String {
        let seconds = time.milliseconds / 1000
        var code = HMAC<SHA256>(key: SymmetricKey(data: secret.bytes))
        code.update(data: Array("\(seconds).".utf8))
        code.update(data: body)
        return "t=\(seconds),v1=\(hexadecimal(code.finalize()))"
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
