#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Splits a stream of bytes into lines, truncating long ones.
struct LineSplitter {
    struct Line: Hashable {
        /// The line without its line break; invalid UTF-8 is replaced.
        var text: String
        /// Whether the line was truncated at the limit.
        var isCut: Bool
    }

    private let limit: Int
    private var bytes: [UInt8] = []
    private var isCut = false

    /// - Parameter limit: Maximum bytes kept of a line.
    init(limit: Int) {
        self.limit = limit
    }

    /// Processes the next bytes and calls `body` for each line that ends in them.
    mutating func take(_ chunk: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
        guard var start = chunk.baseAddress else { return }
        let end = start + chunk.count
        while let lineBreak = memchr(start, Int32(UInt8(ascii: "\n")), end - start) {
            append(start, UnsafeRawPointer(lineBreak) - start)
            body(endLine())
            start = UnsafeRawPointer(lineBreak) + 1
        }
        append(start, end - start)
    }

    /// Returns the last line if it has no line break.
    mutating func finish() -> Line? {
        bytes.isEmpty && !isCut ? nil : endLine()
    }

    private mutating func append(_ start: UnsafeRawPointer, _ count: Int) {
        let kept = min(count, limit - bytes.count)
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: kept))
        if count > kept { isCut = true }
    }

    private mutating func endLine() -> Line {
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        defer {
            bytes.removeAll(keepingCapacity: bytes.count <= 4096)
            isCut = false
        }
        return Line(text: String(decoding: bytes, as: UTF8.self), isCut: isCut)
    }
}
