/// A stream with lines that stay and, on a terminal, lines below them that are drawn anew.
struct TerminalBoard {
    private let stream: Terminal
    let isTerminal: Bool
    private var drawn = 0

    init(_ stream: Terminal = .output) {
        self.stream = stream
        isTerminal = stream.isTerminal
    }

    /// How many characters fit beside each other.
    var width: Int { stream.width }

    /// Prints `lines` for good, and `moving` below them until the next call.
    ///
    /// - Throws: As ``Output`` does; what standard error does not take is nobody's loss.
    mutating func show(_ lines: [String], moving: [String]) throws {
        var text = ""
        if drawn > 0 { text += "\u{1B}[\(drawn)A\u{1B}[J" }
        for line in lines { text += (isTerminal ? line.visibleJSON : line) + "\n" }
        if isTerminal {
            for line in moving { text += line + "\n" }
            drawn = moving.count
        }
        if stream == .output { try Output.writeAsItIs(text) } else { StandardError.write(text) }
    }
}
