import XQueue
import XQueueCore

/// The payload of an `example` task.
struct ExampleRequest: Sendable, Hashable {
    /// Message of the result.
    var message = "done"
    /// Duration of an attempt.
    var duration = Duration.zero
    /// Number of progress reports during an attempt.
    var steps = 0
    /// Number of attempts that fail before one succeeds.
    var failTimes = 0
    /// Whether an attempt continues when it is asked to stop.
    var ignoreCancel = false

    /// The allowed members of a payload, for error messages.
    static let members = """
        message (text), duration_ms (0 to 86400000), steps (0 to 10000), fail_times (0 to 1000) and \
        ignore_cancel (true or false)
        """

    /// - Throws: A permanent ``TaskFailure`` that names the problem and the allowed members.
    init(_ payload: RawJSON) throws(TaskFailure) {
        guard payload.kind != .null else { return }
        guard let members = (try? payload.members()) ?? nil else {
            throw Self.failure("the payload must be an object")
        }
        for member in members { try take(member) }
    }

    private mutating func take(_ member: JSONMember) throws(TaskFailure) {
        switch member.name {
        case "message":
            guard let text = member.value.string else { throw Self.wrong(member, "must be text") }
            message = text
        case "duration_ms":
            duration = .milliseconds(try Self.integer(member, 0...86_400_000))
        case "steps":
            steps = try Self.integer(member, 0...10_000)
        case "fail_times":
            failTimes = try Self.integer(member, 0...1000)
        case "ignore_cancel":
            guard member.value.kind == .boolean else { throw Self.wrong(member, "must be true or false") }
            ignoreCancel = member.value.text == "true"
        default:
            throw Self.wrong(member, "is unknown")
        }
    }

    private static func integer(_ member: JSONMember, _ range: ClosedRange<Int>) throws(TaskFailure) -> Int {
        guard let value = member.value.integer, let value = Int(exactly: value), range ~= value else {
            throw wrong(member, "must be a whole number between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    private static func wrong(_ member: JSONMember, _ problem: String) -> TaskFailure {
        failure("payload.\(member.name) \(problem)")
    }

    private static func failure(_ problem: String) -> TaskFailure {
        TaskFailure("\(problem); example takes \(members)", isPermanent: true)
    }
}
