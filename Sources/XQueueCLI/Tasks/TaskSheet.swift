import XQueueCore

/// A task with a line for each of its fields that says something.
enum TaskSheet {
    private static let nameWidth = 20

    /// - Parameter json: The task as the server wrote it.
    static func text(_ json: String) throws -> String {
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

    private static func line(_ name: String, _ value: String) -> String {
        "\(name.padded(to: nameWidth)) \(value)\n"
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
