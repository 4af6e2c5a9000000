import XQueue
import XQueueCore

/// Reads when a schedule fires, and how many of its ticks to preview:
/// `{"cron":"30 2 * * *","time_zone":"Europe/Berlin","count":5}`.
enum PreviewReader {
    struct Request: Equatable {
        var timing: ScheduleTiming
        var name = "preview"
        var count = 5
        var after: Timestamp?
    }

    static func request(_ text: String) throws(QueueError) -> Request {
        let members = try FieldReader.body(text)
        let fields = FieldReader()
        var timing = ScheduleTimingReader()
        var request = Request(timing: ScheduleTiming(.cron("")))
        try fields.each(of: members) { member throws(QueueError) in
            guard member.value.kind != .null else { return }
            if try timing.read(member, fields) { return }
            switch member.name {
            case "name": request.name = try fields.string(member)
            case "count": request.count = try fields.integer(member)
            case "after": request.after = try fields.time(member)
            default: throw fields.unknown(member)
            }
        }
        request.timing = try timing.timing()
        return request
    }
}
