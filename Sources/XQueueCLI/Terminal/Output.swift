import ArgumentParser
import Foundation

/// Standard output as a place that may be gone: `xqueue list | head`.
enum Output {
    /// - Throws: An exit code, without a word, if nobody reads any more.
    static func write(_ text: String) throws {
        guard !text.isEmpty else { return }
        // Tables have no control characters by then; what a terminal must not take as a command stands in JSON.
        let text = Terminal.output.isTerminal ? text.visibleJSONLines : text
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            // What a shell says of a program that SIGPIPE has ended.
            throw ExitCode(141)
        }
    }

    static func line(_ text: String) throws {
        try write(text + "\n")
    }
}
