import XQueue
import XQueueCore

/// What the payload of an `example` task asks for.
struct ExampleRequest: Sendable, Hashable {
    /// What the result says.
    var message = "done"
    /// How long an attempt takes.
    var duration = Duration.zero
    /// How many progress reports are made on the way.
    var steps = 0
    /// How many attempts fail before one succeeds.
    var failTimes = 0
    /// True if the attempt goes on when it is asked to stop.
    var ignoreCancel = false

    /// The members a payload may have, in words.
    static let members = """
        message (text), duration_ms (0 to 86400000), steps (0 to 10000), fail_times (0 to 1000) and \
        ignore_cancel (true or false)
        """

    /// - Throws: ``TaskFailure``, permanent, naming what is wrong and what a payload may hold.
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
            throw wrong(member, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
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
