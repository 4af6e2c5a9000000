import XQueueCore

/// A program's standard output, read line by line.
///
/// Lines `{"progress": 40, "message": "…"}` report progress; the last other line is the result, if it is JSON.
struct ExecOutput {
    private(set) var lastLine: LineSplitter.Line?

    /// Processes a line; returns the progress it reports, if any.
    mutating func take(_ line: LineSplitter.Line) -> TaskProgress? {
        guard !line.isCut else {
            lastLine = line
            return nil
        }
        if let progress = Self.progress(in: line.text) { return progress }
        if !line.text.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { lastLine = line }
        return nil
    }

    /// The last line as a result; nil if there is none or it is not JSON.
    var result: RawJSON? {
        guard let lastLine, !lastLine.isCut else { return nil }
        return try? RawJSON(lastLine.text)
    }

    /// Parses an object with a number `progress` and an optional string `message`; an object with other members is a result.
    private static func progress(in line: String) -> TaskProgress? {
        guard line.utf8.first == UInt8(ascii: "{"), line.utf8.count <= 4096,
            let members = (try? RawJSON.members(of: JSONRepair.text(line.utf8))) ?? nil
        else { return nil }
        var percent: Double?
        var message: String?
        for member in members {
            switch member.name {
            case "progress":
                guard let number = member.value.number else { return nil }
                percent = number
            case "message":
                guard member.value.kind == .string else { return nil }
                message = member.value.displayText
            default: return nil
            }
        }
        return percent.map { TaskProgress(percent: $0, message: message) }
    }
}

/// The end of a program's standard error, and how much more of it may be logged.
struct ExecErrors {
    /// Maximum bytes from the end of standard error in a task's error.
    static let tailBytes = 2048
    /// Maximum bytes of a logged line.
    static let lineBytes = 8192

    private(set) var tail = ""
    private var room: Int

    /// - Parameter room: Maximum number of bytes to log.
    init(room: Int) {
        self.room = room
    }

    /// Processes a line; returns the text to log, if the limit is not reached.
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
