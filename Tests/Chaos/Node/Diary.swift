#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// An append-only file in which handlers record each attempt; `Tests/Chaos/handlers/diary.py` describes the lines.
final class Diary: Sendable {
    struct Entry: Sendable {
        let task: String
        let attempt: Int
        let type: String
        /// New for each run of a handler; its result has it too.
        let nonce = "s" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }

    enum Outcome: String {
        case ok, fail, permanent, stopped
    }

    struct Failure: Error {
        let code: Int32
    }

    let processID = getpid()
    private let file: Int32

    init(path: String) throws {
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Failure(code: errno) }
    }

    deinit {
        close(file)
    }

    func begin(_ entry: Entry, worker: String) throws {
        try write("begin", entry, worker)
    }

    func end(_ entry: Entry, _ outcome: Outcome) throws {
        try write("end", entry, outcome.rawValue)
    }

    /// One write a line: what was written before a kill stays.
    private func write(_ word: String, _ entry: Entry, _ last: String) throws {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let nanoseconds = time.tv_sec * 1_000_000_000 + time.tv_nsec
        let line =
            "\(nanoseconds) \(word) \(entry.task) \(entry.attempt) \(entry.type) \(entry.nonce) \(last)\n"
        let bytes = Array(line.utf8)
        guard append(bytes) == bytes.count else { throw Failure(code: errno) }
    }

    private func append(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            #if canImport(Glibc)
            Glibc.write(file, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
            Musl.write(file, buffer.baseAddress, buffer.count)
            #else
            Darwin.write(file, buffer.baseAddress, buffer.count)
            #endif
        }
    }
}
