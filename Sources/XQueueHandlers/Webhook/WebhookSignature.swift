import Crypto
import XQueueCore

/// A key that requests are signed with. It shows itself to nobody.
public struct WebhookSecret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The fewest bytes that a key may have.
    public static let minBytes = 16

    package let bytes: [UInt8]

    /// Makes a key.
    ///
    /// - Parameter bytes: The key; nil comes of fewer than ``minBytes``.
    public init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count >= Self.minBytes else { return nil }
        self.bytes = bytes
    }

    /// That there is one, and no more.
    public var description: String { "(set)" }

    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Signs requests, so that a service can tell them from others' and from old ones that are sent again.
///
/// The header is `X-XQueue-Signature: t=TIME,v1=SIGNATURE`: the time in seconds since 1970, and the HMAC-SHA256,
/// in hexadecimal digits, of the time, a dot, and the body. A service computes the same, compares in constant
/// time, and refuses times more than five minutes from its own.
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
