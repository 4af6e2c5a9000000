import Foundation
import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How far a run has come, in a file: the run on its first line, then a line each time more is through.
///
/// What is on disk may lag behind what the server has: those lines are sent again, with the same
/// identifiers. Only the first line must be there before the first task is sent.
final class SubmitState {
    struct Head: Codable {
        let run: SubmitRun
        let url: String
    }

    /// What is through.
    struct Mark: Codable, Equatable {
        var lines = 0
        var bytes = 0
        /// SHA-256 of these bytes.
        var digest = ""
        /// Tasks that were accepted, among them those that an unfinished task with the same unique key
        /// answers for.
        var accepted = 0
        var answered = 0
        /// Lines that were passed over because the server does not accept them.
        var refused = 0
        var isComplete = false

        /// False for numbers that no file has.
        var isPossible: Bool {
            [lines, bytes, accepted, answered, refused].allSatisfy { 0...(1 << 40) ~= $0 }
        }
    }

    let path: String
    let head: Head
    private(set) var mark: Mark
    private let handle: FileHandle

    /// Opens the state of a run: of the one before, or of a new one.
    ///
    /// - Throws: ``CommandError`` if there is an unfinished one and nobody said what to do with it, if
    ///   another process is at it, or if the file cannot be written.
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
            throw CommandError(.cannotWrite, "another xqueue is submitting with the state file \(path)")
        }
        let text = try handle.readToEnd() ?? Data()
        let before = try Self.parse(text, path)
        if let before, !restart, resume {
            head = before.head
            mark = before.mark
            // What a crash left behind the last whole line.
            try handle.truncate(atOffset: UInt64(before.length))
            return
        }
        if let before, !restart, !before.mark.isComplete {
            throw CommandError(
                .usage,
                """
                an earlier run stopped after line \(before.mark.lines): --resume goes on after it, --restart \
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

    /// Notes that more is through.
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

    /// What stands in the file; nil if nothing does.
    private static func parse(_ text: Data, _ path: String) throws -> (head: Head, mark: Mark, length: Int)? {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        guard let first = lines.first else {
            // A first line without an end was never followed by a task.
            if text.isEmpty || text.first == UInt8(ascii: "{") { return nil }
            throw CommandError(.usage, "\(path) is not a state file of xqueue")
        }
        guard let head = try? JSONDecoder().decode(Head.self, from: Data(first)) else {
            throw CommandError(.usage, "\(path) is not a state file of xqueue")
        }
        var mark = Mark()
        var length = first.count + 1
        for line in lines.dropFirst() {
            guard let next = try? JSONDecoder().decode(Mark.self, from: Data(line)), next.isPossible else {
                break
            }
            mark = next
            length += line.count + 1
        }
        return (head, mark, length)
    }
}

/// One run over a file, over all its interruptions: what the identifiers of its tasks are made of.
struct SubmitRun: Codable, Equatable {
    /// When it began, in milliseconds since 1970. All its tasks stand in line as of then, in their order.
    let startedAt: Int64
    /// Tells runs of the same millisecond apart; 34 bits.
    let salt: UInt64

    static func begun() -> SubmitRun {
        SubmitRun(startedAt: SystemQueueClock().now().milliseconds, salt: .random(in: 0..<1 << 34))
    }

    /// The identifier of the task on line `number`: always the same, so that a line that is sent again is
    /// known to the server. Its free bits hold 40 bits of the number, which keeps the lines in order, and
    /// the salt.
    func id(line number: Int) -> TaskID {
        let base = TaskID.lowest(at: Timestamp(milliseconds: startedAt))
        let number = UInt64(number)
        return TaskID(
            high: base.high | (number >> 28) & 0xFFF,
            low: base.low | (number & 0xFFF_FFFF) << 34 | salt & 0x3_FFFF_FFFF)
    }
}
