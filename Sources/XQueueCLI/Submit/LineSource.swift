import Crypto
import Foundation
import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The lines of a file or of standard input, and how much has been read.
final class LineSource {
    struct Line {
        /// Without the line end.
        let text: [UInt8]
        /// Position of the next line.
        let end: Position

        /// Line number, from 1.
        var number: Int { end.lines }
    }

    /// A position in the input, with a hash of everything before it.
    struct Position {
        fileprivate(set) var lines = 0
        fileprivate(set) var bytes = 0
        fileprivate var hash = SHA256()

        /// SHA-256 of the bytes before this position, in hexadecimal.
        var digest: String {
            hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }

    /// Maximum length of a line.
    static let maxLineBytes = 64 << 20
    private static let chunkBytes = 256 << 10

    private let handle: FileHandle
    private let queue = DispatchQueue(label: "xqueue.lines")
    private var buffer: [UInt8] = []
    private var start = 0
    private var hasEnded = false
    /// Position after the last returned line.
    private(set) var position = Position()
    /// Size of the whole file; nil if unknown.
    let totalBytes: Int?

    /// - Parameter path: A path, or `-` for standard input.
    /// - Throws: ``CommandError`` if the file cannot be read.
    init(path: String) throws {
        if path == "-" {
            handle = .standardInput
            totalBytes = nil
            return
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandError(.noInput, "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        var isFolder: ObjCBool = false
        guard !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) || !isFolder.boolValue
        else {
            throw CommandError(.noInput, "cannot read \(path): is a folder")
        }
        self.handle = handle
        // Seeking fails for a pipe, and returns zero for a device.
        let size = (try? handle.seekToEnd()).flatMap { Int(exactly: $0) } ?? 0
        totalBytes = size > 0 ? size : nil
        if size > 0 { try handle.seek(toOffset: 0) }
    }

    /// Returns the next line; nil after the last.
    func next() async throws -> Line? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) { return take(end + 1, end) }
            guard buffer.count - start <= Self.maxLineBytes else {
                throw CommandError(
                    .badInput, "line \(position.lines + 1) is longer than \(Self.maxLineBytes) bytes")
            }
            if hasEnded { return start < buffer.count ? take(buffer.count, buffer.count) : nil }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            let chunk = try await chunk()
            if chunk.isEmpty { hasEnded = true }
            buffer.append(contentsOf: chunk)
        }
    }

    private func take(_ end: Int, _ textEnd: Int) -> Line {
        buffer.withUnsafeBytes {
            position.hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[start..<end]))
        }
        var text = buffer[start..<textEnd]
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        if position.lines == 0, text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
        position.lines += 1
        position.bytes += end - start
        start = end
        return Line(text: Array(text), end: position)
    }

    /// Reads the next chunk; empty at the end. A read may block indefinitely, so it runs on a queue of its own and polls
    /// for cancellation.
    private func chunk() async throws -> Data {
        let descriptor = handle.fileDescriptor
        while true {
            try Task.checkCancellation()
            let chunk: Data? = try await withCheckedThrowingContinuation { continuation in
                queue.async {
                    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    guard poll(&request, 1, 200) != 0 else { return continuation.resume(returning: nil) }
                    var chunk = Data(count: Self.chunkBytes)
                    let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
                    guard count >= 0 else {
                        let reason = String(cString: strerror(errno))
                        return continuation.resume(
                            throwing: CommandError(.noInput, "cannot read the input: \(reason)"))
                    }
                    continuation.resume(returning: chunk.prefix(count))
                }
            }
            if let chunk { return chunk }
        }
    }
}

/// A line of a file, ready to be submitted.
struct TaskLine: Sendable {
    let number: Int
    /// The task's identifier, derived from the line number unless the line has its own.
    let id: TaskID
    /// The submission, including the identifier.
    let text: String
    let end: LineSource.Position

    /// A line that is not a task, or that the server rejected.
    struct Mistake: Error {
        let number: Int
        let message: String
    }

    /// - Throws: ``Mistake`` if the line is not a JSON object.
    init(_ line: LineSource.Line, id: TaskID) throws(Mistake) {
        number = line.number
        end = line.end
        let members: [JSONMember]?
        let whole: String
        do throws(JSONSyntaxError) {
            whole = try String(validUTF8: line.text)
            members = try RawJSON.members(of: whole)
        } catch {
            throw Mistake(number: line.number, message: "not JSON: \(error)")
        }
        guard let members, let brace = whole.firstIndex(of: "{") else {
            throw Mistake(number: line.number, message: "not a JSON object")
        }
        if let given = members.first(where: { $0.name == "id" }) {
            // A null or invalid id would make the line another task each time it is sent.
            guard let own = given.value.string.flatMap({ TaskID($0) }) else {
                throw Mistake(number: line.number, message: "id must be a UUIDv7 or omitted")
            }
            self.id = own
            text = whole
            return
        }
        self.id = id
        let rest = whole[whole.index(after: brace)...]
        text = "{\"id\":\"\(id)\"\(members.isEmpty ? "" : ",")\(rest)"
    }
}
