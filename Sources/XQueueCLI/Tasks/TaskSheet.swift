import XQueueCore

/// A task with a line for each of its fields that says something.
enum TaskSheet {
    private static let nameWidth = 20

    /// - Parameters:
    ///   - json: The task as the server wrote it.
    ///   - isTerminal: Whether the values stand under each other; a tab is before them if not.
    static func text(_ json: String, isTerminal: Bool) throws -> String {
        func line(_ name: String, _ value: String) -> String {
            isTerminal ? "\(name.padded(to: nameWidth)) \(value)\n" : "\(name)\t\(value)\n"
        }
        guard let members = try RawJSON.members(of: json) else { return json + "\n" }
        var text = ""
        for member in members where member.value.kind != .null {
            if member.name == "errors" {
                for error in try member.value.elements() ?? [] { text += line("errors", words(error)) }
            } else {
                text += line(member.name, member.value.string?.onOneLine ?? member.value.text.onOneLine)
            }
        }
        return text
    }

    /// An attempt that failed, in words.
    private static func words(_ error: RawJSON) -> String {
        guard let members = try? error.members() else { return error.text }
        func value(_ name: String) -> String {
            let value = members.first { $0.name == name }?.value
            return value.map { $0.string ?? $0.text } ?? ""
        }
        return "\(value("ended_at"))  attempt \(value("attempt"))  \(value("kind"))  \(value("error"))"
            .onOneLine
    }
}
