import ArgumentParser

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Standard output as a place that may be gone, `xqueue list | head`, or full.
enum Output {
    /// What stands between two values: two spaces for somebody who looks, a tab for a program.
    static var separator: String { Terminal.output.isTerminal ? "  " : "\t" }

    /// - Throws: An exit code, without a word, if nobody reads any more; else ``CommandError`` that says why it cannot
    ///   be written.
    static func write(_ text: String) throws {
        // Tables have no control characters by then; what a terminal must not take as a command stands in JSON.
        try writeAsItIs(Terminal.output.isTerminal ? text.visibleJSONLines : text)
    }

    static func line(_ text: String) throws {
        try write(text + "\n")
    }

    /// Writes a line that tells of something done, which must be known even if the line cannot be written.
    ///
    /// - Parameter done: What was done, such as "the task … was submitted".
    static func line(_ text: String, after done: String) throws {
        do {
            try line(text)
        } catch let error as CommandError {
            throw CommandError(error.exit, "\(done), but: \(error.description)")
        }
    }

    /// Writes text that may hold commands for a terminal.
    static func writeAsItIs(_ text: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                let count = write(start, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                } else if errno != EINTR {
                    throw failure(errno)
                }
            }
        }
    }

    private static func write(_ start: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Darwin)
        Darwin.write(Terminal.output.rawValue, start, count)
        #elseif canImport(Glibc)
        Glibc.write(Terminal.output.rawValue, start, count)
        #elseif canImport(Musl)
        Musl.write(Terminal.output.rawValue, start, count)
        #endif
    }

    private static func failure(_ number: Int32) -> any Error {
        // What a shell says of a program that SIGPIPE has ended.
        guard number != EPIPE else { return ExitCode(141) }
        let reason = String(cString: strerror(number))
        return CommandError(.outputLost, "cannot write to standard output: \(reason)")
    }
}
