import ArgumentParser

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Standard output, which may be closed (`xqueue list | head`) or full.
enum Output {
    /// The separator of values: two spaces on a terminal, a tab otherwise.
    static var separator: String { Terminal.output.isTerminal ? "  " : "\t" }

    /// Writes `text`, with control characters escaped on a terminal.
    ///
    /// - Throws: A silent exit code if the reader has closed the pipe; else ``CommandError`` with the reason.
    static func write(_ text: String) throws {
        // Tables have no control characters at this point; JSON may.
        try writeRaw(Terminal.output.isTerminal ? text.visibleJSONLines : text)
    }

    static func line(_ text: String) throws {
        try write(text + "\n")
    }

    /// Writes a line about something done, which the error must mention if the line cannot be written.
    ///
    /// - Parameter done: What was done, such as "task … was submitted".
    static func line(_ text: String, after done: String) throws {
        do {
            try line(text)
        } catch let error as CommandError {
            throw CommandError(error.exit, "\(done), but: \(error.description)")
        }
    }

    /// Writes text unchanged, including control sequences for a terminal.
    static func writeRaw(_ text: String) throws {
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
        // As a shell reports a program killed by SIGPIPE.
        guard number != EPIPE else { return ExitCode(141) }
        let reason = String(cString: strerror(number))
        return CommandError(.outputLost, "cannot write to standard output: \(reason)")
    }
}
