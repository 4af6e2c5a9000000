import XQueue
import XQueueCore

/// Reads why a schedule is paused: `{"reason":"holidays"}`.
enum PauseReader {
    static func reason(_ text: String) throws(QueueError) -> String {
        let members = try FieldReader.body(text)
        let fields = FieldReader()
        var reason = ""
        try fields.each(of: members) { member throws(QueueError) in
            guard member.name == "reason" else { throw fields.unknown(member) }
            if member.value.kind != .null { reason = try fields.string(member) }
        }
        return reason
    }
}

/// Reads which ticks of the past to submit: `{"from":"2026-03-01T00:00:00Z","to":"2026-03-08T00:00:00Z","dry_run":true}`.
struct BackfillReader: Equatable {
    var from: Timestamp
    var to: Timestamp
    var isDryRun = false

    init(_ text: String) throws(QueueError) {
        let members = try FieldReader.body(text)
        let fields = FieldReader()
        var (from, to, isDryRun) = (Timestamp?.none, Timestamp?.none, false)
        try fields.each(of: members) { member throws(QueueError) in
            guard member.value.kind != .null else { return }
            switch member.name {
            case "from": from = try fields.time(member)
            case "to": to = try fields.time(member)
            case "dry_run": isDryRun = try fields.boolean(member)
            default: throw fields.unknown(member)
            }
        }
        guard let from else { throw .invalid("from", "is required") }
        guard let to else { throw .invalid("to", "is required") }
        (self.from, self.to, self.isDryRun) = (from, to, isDryRun)
    }
}
