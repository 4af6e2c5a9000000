import Logging
import XQueue
import XQueueCore

/// Reads the level of a log: `{"level":"debug"}`.
enum LogLevelReader {
    static func level(_ text: String) throws(QueueError) -> Logger.Level {
        guard let members = try FieldReader.members(of: text) else {
            throw QueueError(.malformedJSON, "the body must be a JSON object")
        }
        let fields = FieldReader()
        var level: Logger.Level?
        try fields.each(of: members) { member throws(QueueError) in
            guard member.name == "level" else { throw fields.unknown(member) }
            guard let known = Logger.Level(rawValue: try fields.string(member)) else {
                let words = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw fields.invalid(member, "must be one of \(words)")
            }
            level = known
        }
        guard let level else { throw .invalid("level", "is required") }
        return level
    }
}
