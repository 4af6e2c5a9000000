#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Cuts a stream of bytes into lines, keeping no more than so many bytes of each.
struct LineSplitter {
    struct Line: Hashable {
        /// The bytes without the line break; those that are not UTF-8 are replaced.
        var text: String
        /// True if the line was longer than the limit and its rest is lost.
        var isCut: Bool
    }

    private let limit: Int
    private var bytes: [UInt8] = []
    private var isCut = false

    /// - Parameter limit: The most bytes of a line that are kept.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes the next bytes and hands each line that ends in them to `body`.
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

    /// The last line, if it ended without a line break.
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
