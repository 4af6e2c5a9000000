import XQueue
import XQueueCore

/// Reads what a client asks for in a submission. Ranges are the queue's to check.
enum SubmissionReader {
    /// The submission in `text`, which must be one JSON object.
    static func submission(_ text: String) throws(QueueError) -> TaskSubmission {
        guard let members = try FieldReader.members(of: text) else {
            throw QueueError(.malformedJSON, "the body must be a JSON object")
        }
        return try submission(members)
    }

    /// The submissions in `text`, which must be `{"tasks":[…]}` with 1 to `limit` elements.
    static func batch(_ text: String, limit: Int) throws(QueueError) -> [TaskSubmission] {
        guard let members = try FieldReader.members(of: text) else {
            throw QueueError(.malformedJSON, "the body must be a JSON object")
        }
        let fields = FieldReader()
        var tasks: [RawJSON]?
        try fields.each(of: members) { member throws(QueueError) in
            guard member.name == "tasks" else { throw fields.unknown(member) }
            guard member.value.kind == .array else { throw fields.invalid(member, "must be an array") }
            tasks = try elements(of: member.value)
        }
        guard let tasks else { throw .invalid("tasks", "is required") }
        guard 1...limit ~= tasks.count else { throw .invalid("tasks", "must hold 1 to \(limit) tasks") }
        var submissions: [TaskSubmission] = []
        submissions.reserveCapacity(tasks.count)
        for (index, task) in tasks.enumerated() {
            guard let members = try FieldReader.members(of: task.text) else {
                throw .invalid("tasks[\(index)]", "must be an object")
            }
            do throws(QueueError) {
                submissions.append(try submission(members))
            } catch {
                throw error.within("tasks", at: index)
            }
        }
        return submissions
    }

    private static func submission(_ members: [JSONMember]) throws(QueueError) -> TaskSubmission {
        let fields = FieldReader()
        var type: String?
        var submission = TaskSubmission(type: "")
        var schedule: NewTask.Schedule?
        try fields.each(of: members) { member throws(QueueError) in
            switch member.name {
            case "payload": submission.payload = member.value
            case "delay", "run_at":
                guard let read = try Self.schedule(member, fields) else { break }
                guard schedule == nil else {
                    throw fields.invalid(member, "cannot stand beside delay or run_at")
                }
                schedule = read
            case _ where member.value.kind == .null:
                guard isField(member.name) else { throw fields.unknown(member) }
            case "type": type = try fields.string(member)
            default: try read(member, fields, into: &submission)
            }
        }
        guard let type else { throw .invalid("type", "is required") }
        submission.type = type
        submission.schedule = schedule ?? .now
        return submission
    }

    private static func isField(_ name: String) -> Bool {
        optionalFields.contains(name) || name == "type"
    }

    private static let optionalFields: Set<String> = [
        "priority", "max_retry", "queue_timeout", "process_timeout", "concurrency_key", "max_concurrency",
        "unique_key", "retry_policy",
    ]

    private static func read(
        _ member: JSONMember, _ fields: FieldReader, into submission: inout TaskSubmission
    ) throws(QueueError) {
        switch member.name {
        case "priority": submission.priority = try fields.integer32(member)
        case "max_retry": submission.maxRetry = try fields.integer(member)
        case "queue_timeout": submission.queueTimeout = try fields.seconds(member)
        case "process_timeout": submission.processTimeout = try fields.seconds(member)
        case "concurrency_key": submission.concurrencyKey = try fields.string(member)
        case "max_concurrency": submission.maxConcurrency = try fields.integer(member)
        case "unique_key": submission.uniqueKey = try fields.string(member)
        case "retry_policy": submission.retryPolicy = try RetryPolicyReader.policy(member, fields)
        default: throw fields.unknown(member)
        }
    }

    private static func schedule(
        _ member: JSONMember, _ fields: FieldReader
    ) throws(QueueError) -> NewTask.Schedule? {
        if member.value.kind == .null { return nil }
        if member.name == "delay" { return .after(try fields.seconds(member)) }
        guard let time = RFC3339Reader.timestamp(try fields.string(member)) else {
            throw fields.invalid(member, "must be a time with an offset, such as 2026-01-31T09:30:00Z")
        }
        return .at(time)
    }

    private static func elements(of array: RawJSON) throws(QueueError) -> [RawJSON]? {
        do throws(JSONSyntaxError) {
            return try array.elements()
        } catch {
            throw QueueError(malformed: error)
        }
    }
}
