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
