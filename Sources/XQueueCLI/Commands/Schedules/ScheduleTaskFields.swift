import ArgumentParser
import XQueueClient
import XQueueCore

/// The task of a schedule as options.
struct ScheduleTaskFields: ParsableArguments {
    @Option(help: "Task type.")
    var type: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Payload: JSON, @FILE, or - for standard input; default: null.", valueName: "json")
    )
    var payload: String?

    @OptionGroup var fields: RepeatableTaskFields

    var isEmpty: Bool { type == nil && payload == nil && fields.isEmpty }

    /// Returns the members of the task that are given.
    ///
    /// - Parameter unique: The unique key.
    /// - Throws: ``CommandError`` if the payload or the metadata cannot be read or is not JSON.
    func members(_ unique: UniqueFields) throws -> [JSONMember] {
        let payload = try payload.map { try PayloadSource.read($0) }
        var submission = try fields.submission(type: type ?? "", payload: payload)
        unique.apply(to: &submission)
        let members = try RawJSON.members(of: submission.json) ?? []
        return members.filter { $0.name != "type" || type != nil }
    }
}
