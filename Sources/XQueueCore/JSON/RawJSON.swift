#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One JSON value, valid and kept byte for byte as it was written.
public struct RawJSON: Sendable {
    /// The value's text.
    public let text: String

    /// - Throws: ``JSONSyntaxError`` if `text` is not exactly one JSON value.
    public init(_ text: String) throws(JSONSyntaxError) {
        var copy = text
        self.text = try copy.scanned { scanner throws(JSONSyntaxError) in
            scanner.skipWhitespace()
            let range = try scanner.skipValue()
            try scanner.finish()
            return scanner.text(range)
        }
    }

    /// - Throws: ``JSONSyntaxError`` if `bytes` are not valid UTF-8, or not exactly one JSON value.
    public init(bytes: some Sequence<UInt8>) throws(JSONSyntaxError) {
        try self.init(String(validUTF8: bytes))
    }

    /// A value that is known to be JSON: read by this module, or back from a store.
    package init(trusted text: String) {
        self.text = text
    }

    /// The value `value` encodes to; a `RawJSON` is kept byte for byte.
    public init(encoding value: some Encodable) throws {
        if let raw = value as? RawJSON {
            self = raw
            return
        }
        self.init(trusted: String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
    }

    /// Decodes the value as a `Value`; a `RawJSON` is the value itself, byte for byte.
    public func decode<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
        if Value.self == RawJSON.self, let same = self as? Value { return same }
        return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    public static let null = RawJSON(trusted: "null")

    /// What kind of value it is.
    package var kind: JSONKind { JSONKind(firstByte: text.utf8.first) }
}

/// Values are the same if their bytes are; Unicode's equivalences do not count.
extension RawJSON: Hashable {
    public static func == (lhs: RawJSON, rhs: RawJSON) -> Bool {
        lhs.text.utf8.elementsEqual(rhs.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

extension RawJSON: CustomStringConvertible {
    public var description: String { text }
}

extension String {
    /// - Throws: ``JSONSyntaxError`` if the bytes are not valid UTF-8.
    package init(validUTF8 bytes: some Sequence<UInt8>) throws(JSONSyntaxError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw JSONSyntaxError("the text is not valid UTF-8", at: 0)
        }
        self = text
    }

    /// Runs `body` with a scanner over the string's bytes.
    mutating func scanned<Value>(
        _ body: (inout JSONScanner) throws(JSONSyntaxError) -> Value
    ) throws(JSONSyntaxError) -> Value {
        // `withUTF8` rethrows untyped errors, so the typed one travels in a Result.
        let outcome = withUTF8 { bytes -> Result<Value, JSONSyntaxError> in
            var scanner = JSONScanner(bytes)
            do throws(JSONSyntaxError) {
                return .success(try body(&scanner))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
