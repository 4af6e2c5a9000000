/// A part of a JSON text that need not be in one place.
package enum JSONPiece: Sendable {
    case bytes([UInt8])
    /// A value of somebody's, as it was found.
    case text(String)

    /// How many bytes it has.
    package var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .text(let text): text.utf8.count
        }
    }

    /// Runs `body` with the piece's bytes, which are not copied.
    package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        switch self {
        case .bytes(let bytes): return bytes.withUnsafeBytes(body)
        case .text(var text): return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
        }
    }
}
