import XQueueCore

/// Parses submissions. The queue checks the ranges of their values.
package enum SubmissionReader {
    /// Parses the submission in `text`, which must be a JSON object.
    package static func submission(_ text: String) throws(QueueError) -> TaskSubmission {
        let members = try FieldReader.body(text)
        return try submission(members)
    }

    /// Parses the submissions in `text`, which must be `{"tasks":[…]}` with 1 to `limit` elements.
    package static func batch(_ text: String, limit: Int) throws(QueueError) -> [TaskSubmission] {
        let members = try FieldReader.body(text)
        let fields = FieldReader()
        var tasks: [RawJSON]?
        try fields.each(of: members) { member throws(QueueError) in
            guard member.name == "tasks" else { throw fields.unknown(member) }
            guard member.value.kind == .array else { throw fields.invalid(member, "must be an array") }
            tasks = try elements(of: member.value)
        }
        guard let tasks else { throw .invalid("tasks", "is required") }
        guard 1...limit ~= tasks.count else { throw .invalid("tasks", "must contain 1 to \(limit) tasks") }
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

    /// A submission in a message of the log.
    struct Message {
        var submission: TaskSubmission
        var createdAt: Timestamp?
    }

    /// Parses the message in `text`: a submission that may also have a `created_at`.
    static func message(_ text: String) throws(QueueError) -> Message {
        guard let members = try FieldReader.members(of: text) else {
            throw QueueError(.malformedJSON, "the message must be a JSON object")
        }
        var createdAt: Timestamp?
        let submission = try submission(members) { member, fields throws(QueueError) in
            guard member.name == "created_at" else { return false }
            if member.value.kind != .null { createdAt = try fields.time(member) }
            return true
        }
        return Message(submission: submission, createdAt: createdAt)
    }

    /// Checks the members of a patch: those of a submission, of which every one may be missing.
    static func checkPatch(_ members: [JSONMember]) throws(QueueError) {
        _ = try submission(members, isPatch: true)
    }

    private static func id(_ member: JSONMember, _ fields: FieldReader) throws(QueueError) -> TaskID {
        guard let id = TaskID(try fields.string(member)), id.isVersion7 else {
            throw fields.invalid(member, "must be a version 7 UUID, or omitted")
        }
        return id
    }

    /// - Parameters:
    ///   - members: The members of the object.
    ///   - isPatch: Whether the type may be missing.
    ///   - other: Reads a member that is not a submission's; returns false if it is unknown. The first unknown one ends
    ///     the reading, so that the search for names given twice stays short.
    private static func submission(
        _ members: [JSONMember], isPatch: Bool = false,
        other: (JSONMember, FieldReader) throws(QueueError) -> Bool = { _, _ in false }
    ) throws(QueueError) -> TaskSubmission {
        let fields = FieldReader()
        var submission = TaskSubmission(type: "")
        var schedule: NewTask.Schedule?
        var hasType = false
        try fields.each(of: members) { member throws(QueueError) in
            let isNull = member.value.kind == .null
            switch member.name {
            case "id": if !isNull { submission.id = try id(member, fields) }
            case "delay", "run_at":
                guard !isNull else { break }
                guard schedule == nil else {
                    let other = member.name == "delay" ? "run_at" : "delay"
                    throw fields.invalid(member, "cannot be combined with \(other)")
                }
                schedule = try Self.schedule(member, fields)
            default:
                guard let read = DefinitionJSON.readers[member.name] else {
                    guard try other(member, fields) else { throw fields.unknown(member) }
                    break
                }
                guard !isNull else { break }
                try read(member, fields, &submission)
                if member.name == "type" { hasType = true }
            }
        }
        guard hasType || isPatch else { throw .invalid("type", "is required") }
        if submission.uniqueness != nil, submission.uniqueKey != nil {
            throw .invalid("unique", "cannot be combined with unique_key")
        }
        submission.schedule = schedule ?? .now
        return submission
    }

    private static func schedule(
        _ member: JSONMember, _ fields: FieldReader
    ) throws(QueueError) -> NewTask.Schedule {
        if member.name == "delay" { return .after(try fields.seconds(member)) }
        return .at(try fields.time(member))
    }

    private static func elements(of array: RawJSON) throws(QueueError) -> [RawJSON]? {
        do throws(JSONSyntaxError) {
            return try array.elements()
        } catch {
            throw QueueError(malformed: error)
        }
    }
}

/// Parses the `retry_policy` of a submission; missing members are as in ``RetryPolicy/standard``.
enum RetryPolicyReader {
    static func policy(_ member: JSONMember, _ outer: FieldReader) throws(QueueError) -> RetryPolicy {
        guard let members = try? member.value.members() else {
            throw outer.invalid(member, "must be an object")
        }
        let fields = FieldReader(prefix: outer.prefix + member.name + ".")
        var policy = RetryPolicy.standard
        try fields.each(of: members) { member throws(QueueError) in
            let isNull = member.value.kind == .null
            switch member.name {
            case "strategy": if !isNull { policy.strategy = try strategy(member, fields) }
            case "delay": if !isNull { policy.delay = try fields.seconds(member) }
            case "max_delay": if !isNull { policy.maxDelay = try fields.seconds(member) }
            case "jitter": if !isNull { policy.jitter = try fields.number(member) }
            default: throw fields.unknown(member)
            }
        }
        return policy
    }

    private static func strategy(
        _ member: JSONMember, _ fields: FieldReader
    ) throws(QueueError) -> RetryPolicy.Strategy {
        guard let strategy = RetryPolicy.Strategy(rawValue: try fields.string(member)) else {
            let words = RetryPolicy.Strategy.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.invalid(member, "must be one of \(words)")
        }
        return strategy
    }
}
