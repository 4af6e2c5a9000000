import Foundation
import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The state file of a run: the run on its first line, then one line per batch with the progress.
///
/// The file may lag behind the server: the lines in between are sent again with the same identifiers. Only the first
/// line must be on disk before the first task is sent.
final class SubmitState {
    struct Head: Codable {
        let run: SubmitRun
        let url: String
    }

    /// The progress of a run.
    struct Mark: Codable, Equatable {
        var lines = 0
        var bytes = 0
        /// SHA-256 of the first ``bytes`` bytes.
        var digest = ""
        /// Accepted lines, including ``answered``.
        var accepted = 0
        /// Accepted lines for which a task with the same unique key existed, which may have taken over the line.
        var answered = 0
        /// Skipped lines that the server rejected.
        var refused = 0
        var isComplete = false

        /// Whether all numbers are plausible.
        var isPlausible: Bool {
            [lines, bytes, accepted, answered, refused].allSatisfy { 0...(1 << 40) ~= $0 }
        }
    }

    let path: String
    let head: Head
    private(set) var mark: Mark
    private let handle: FileHandle

    /// Opens the state of the earlier run, or creates that of a new one.
    ///
    /// - Throws: ``CommandError`` if there is an unfinished run but neither `resume` nor `restart`, if another process uses
    ///   the file, or if it cannot be written.
    init(path: String, url: String, resume: Bool, restart: Bool) throws {
        self.path = path
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CommandError(
                .cannotWrite,
                "cannot write the state file \(path): \(String(cString: strerror(errno))); --state names another"
            )
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandError(.cannotWrite, "another xqueue process is using the state file \(path)")
        }
        let text = try handle.readToEnd() ?? Data()
        let before = try Self.parse(text, path)
        if let before, !restart, resume {
            head = before.head
            mark = before.mark
            // Remove a partial line left by a crash.
            try handle.truncate(atOffset: UInt64(before.length))
            return
        }
        if let before, !restart, !before.mark.isComplete {
            throw CommandError(
                .usage,
                """
                an earlier run stopped after line \(before.mark.lines): --resume continues after it, --restart \
                submits the whole file again (\(path))
                """)
        }
        head = Head(run: .begun(), url: url)
        mark = Mark()
        do {
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: Self.line(head))
            try handle.synchronize()
        } catch {
            throw CommandError(.cannotWrite, "cannot write the state file \(path): \(error)")
        }
    }

    /// Records progress.
    func note(_ mark: Mark) throws {
        self.mark = mark
        do {
            try handle.write(contentsOf: Self.line(mark))
        } catch {
            throw CommandError(.cannotWrite, "cannot write the state file \(path): \(error)")
        }
    }

    func remove() {
        unlink(path)
    }

    private static func line(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }

    /// Parses the file; returns nil if it is empty.
    ///
    /// - Returns: The length is that of the complete lines, in bytes.
    static func parse(_ text: Data, _ path: String) throws -> (head: Head, mark: Mark, length: Int)? {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        guard let first = lines.first else {
            // If the first line is incomplete, no task has been sent.
            if text.isEmpty || text.first == UInt8(ascii: "{") { return nil }
            throw CommandError(.usage, "\(path) is not a state file of xqueue")
        }
        guard let head = try? JSONDecoder().decode(Head.self, from: Data(first)) else {
            throw CommandError(.usage, "\(path) is not a state file of xqueue")
        }
        var mark = Mark()
        var length = first.count + 1
        for line in lines.dropFirst() {
            guard let next = try? JSONDecoder().decode(Mark.self, from: Data(line)), next.isPlausible else {
                break
            }
            mark = next
            length += line.count + 1
        }
        return (head, mark, length)
    }
}

/// A run over a file, including all its resumptions, from which the tasks' identifiers are derived.
struct SubmitRun: Codable, Equatable {
    /// Start in milliseconds since 1970. All tasks queue as of then, in the order of their lines.
    let startedAt: Int64
    /// Distinguishes runs started in the same millisecond; 34 bits.
    let salt: UInt64

    static func begun() -> SubmitRun {
        SubmitRun(startedAt: SystemQueueClock().now().milliseconds, salt: .random(in: 0..<1 << 34))
    }

    /// Returns the identifier of the task on line `number`. It is always the same, so the server recognizes a line that is
    /// sent again. Its free bits hold 40 bits of the number, which keeps the lines in order, and the salt.
    func id(line number: Int) -> TaskID {
        let base = TaskID.lowest(at: Timestamp(milliseconds: startedAt))
        let number = UInt64(number)
        return TaskID(
            high: base.high | (number >> 28) & 0xFFF,
            low: base.low | (number & 0xFFF_FFFF) << 34 | salt & 0x3_FFFF_FFFF)
    }
}
