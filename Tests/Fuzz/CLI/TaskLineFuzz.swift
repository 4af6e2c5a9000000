import XQueueCore

@testable import XQueueCLI

extension FuzzReader {
    /// A line of a file of tasks. It is sent with an identifier, and otherwise as it is.
    static let taskLine = FuzzReader("task-line") { bytes in
        let id = TaskID.lowest(at: Timestamp(milliseconds: 1_764_000_000_000))
        let line = LineSource.Line(text: bytes, end: LineSource.Position())
        guard let task = try? TaskLine(line, id: id), let before = try RawJSON(bytes: bytes).members() else {
            return false
        }
        guard var after = try? RawJSON.members(of: task.text), let first = after.first else {
            throw BrokenProperty(description: "sent as \(task.text)")
        }
        let own = before.first { $0.name == "id" }
        if own == nil {
            after.removeFirst()
            try require(first.name == "id" && task.id == id, "sent as \(first.name) of \(task.id)")
        }
        let sent = (own ?? first).value.string.flatMap { TaskID($0) }
        try require(sent == task.id, "sent with another identifier than \(task.id)")
        try require(
            after.map(\.name) == before.map(\.name) && after.map(\.value) == before.map(\.value),
            "sent as \(task.text)")
        return true
    }
}
