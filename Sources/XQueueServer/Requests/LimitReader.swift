import XQueue
import XQueueCore

/// Reads the limit of a type: `{"max_concurrency":5}`, or null for none.
enum LimitReader {
    static func limit(_ text: String) throws(QueueError) -> Int? {
        guard let members = try FieldReader.members(of: text) else {
            throw QueueError(.malformedJSON, "the body must be a JSON object")
        }
        let fields = FieldReader()
        if let stranger = members.first(where: { $0.name != "max_concurrency" }) {
            throw fields.unknown(stranger)
        }
        guard !members.isEmpty else { throw .invalid("max_concurrency", "is required; null means no limit") }
        var limit: Int?
        try fields.each(of: members) { member throws(QueueError) in
            if member.value.kind != .null { limit = try fields.integer(member) }
        }
        return limit
    }
}
