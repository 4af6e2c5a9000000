import XQueueCore

/// A line of a file, ready to be sent.
struct TaskLine: Sendable {
    let number: Int
    /// The task's, made of the line's number unless the line has one of its own.
    let id: TaskID
    /// The submission, with an identifier.
    let text: String
    let end: LineSource.Position

    /// A line that cannot be a task, whatever the server thinks of it.
    struct Mistake: Error {
        let number: Int
        let message: String
    }

    /// - Throws: ``Mistake`` if the line is not a JSON object.
    init(_ line: LineSource.Line, id: TaskID) throws(Mistake) {
        number = line.number
        end = line.end
        let members: [JSONMember]?
        let whole: String
        do throws(JSONSyntaxError) {
            whole = try String(validUTF8: line.text)
            members = try RawJSON.members(of: whole)
        } catch {
            throw Mistake(number: line.number, message: "not JSON: \(error)")
        }
        guard let members, let brace = whole.firstIndex(of: "{") else {
            throw Mistake(number: line.number, message: "not a JSON object")
        }
        if let given = members.first(where: { $0.name == "id" }) {
            // Without one, the line would be another task each time it is sent.
            guard let own = given.value.string.flatMap({ TaskID($0) }) else {
                throw Mistake(number: line.number, message: "id must be a UUID of version 7, or left out")
            }
            self.id = own
            text = whole
            return
        }
        self.id = id
        let rest = whole[whole.index(after: brace)...]
        text = "{\"id\":\"\(id)\"\(members.isEmpty ? "" : ",")\(rest)"
    }
}
