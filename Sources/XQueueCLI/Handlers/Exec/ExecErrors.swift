/// What a program said on standard error: the end of it, and how much of it may still be logged.
struct ExecErrors {
    /// How much of the end of standard error goes into a task's error, in bytes.
    static let tailBytes = 2048
    /// How much of one line is logged, in bytes.
    static let lineBytes = 8192

    private(set) var tail = ""
    private var room: Int

    /// - Parameter room: The most bytes to log.
    init(room: Int) {
        self.room = room
    }

    /// Takes one line; answers what to log, if there is still room.
    mutating func take(_ line: LineSplitter.Line) -> String? {
        let text = line.isCut ? line.text + " […]" : line.text
        tail = Self.end(of: tail.isEmpty ? text : tail + "\n" + text)
        guard room > 0 else { return nil }
        room -= text.utf8.count
        return room > 0 ? text : "further lines of standard error are not logged"
    }

    private static func end(of text: String) -> String {
        guard text.utf8.count > tailBytes else { return text }
        var start = text.utf8.index(text.utf8.endIndex, offsetBy: -tailBytes)
        while start.samePosition(in: text.unicodeScalars) == nil { start = text.utf8.index(after: start) }
        return String(text[start...])
    }
}
