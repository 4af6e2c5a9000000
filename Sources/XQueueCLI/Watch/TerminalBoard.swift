import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Standard output with lines that stay and, on a terminal, lines below them that are drawn anew.
struct TerminalBoard {
    let isTerminal = isatty(1) == 1
    private var drawn = 0

    /// How many characters fit beside each other.
    var width: Int {
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Prints `lines` for good, and `moving` below them until the next call.
    mutating func show(_ lines: [String], moving: [String]) {
        var text = ""
        if drawn > 0 { text += "\u{1B}[\(drawn)A\u{1B}[J" }
        for line in lines { text += line + "\n" }
        if isTerminal {
            for line in moving { text += line + "\n" }
            drawn = moving.count
        }
        guard !text.isEmpty else { return }
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}
