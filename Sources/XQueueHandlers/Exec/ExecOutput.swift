import XQueueCore

/// What a program said on standard output, read line by line.
///
/// Lines `{"progress": 40, "message": "…"}` are progress; the last line that is none is the result, if it
/// is JSON.
struct ExecOutput {
    private(set) var lastLine: LineSplitter.Line?

    /// Takes one line; answers the progress it reports, if it does.
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

    /// An object with a number `progress`, perhaps a text `message`, and nothing else; an object that holds
    /// more is a result.
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
                message = member.value.words
            default: return nil
            }
        }
        return percent.map { TaskProgress(percent: $0, message: message) }
    }
}

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
