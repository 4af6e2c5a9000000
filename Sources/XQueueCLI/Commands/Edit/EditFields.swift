import ArgumentParser
import XQueueClient
import XQueueCore

/// The changes to a task as options; only what is given is sent.
struct EditFields: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Payload: JSON, @FILE, or - for standard input.", valueName: "json"))
    var payload: String?

    @OptionGroup var repeatable: RepeatableTaskFields

    @OptionGroup var start: StartFields

    @Flag(name: .customLong("now"), help: "Run as soon as possible.")
    var runsNow = false

    @Option(
        name: .customLong("unset"),
        help: ArgumentHelp(
            "Reset this field to its default, such as unique-key; may be repeated.", valueName: "field"),
        completion: .list(TaskEdit.Field.allCases.map(\.option)),
        transform: Self.field)
    var resets: [TaskEdit.Field] = []

    var isEmpty: Bool {
        payload == nil && repeatable.isEmpty && start.isEmpty && !runsNow && resets.isEmpty
    }

    func validate() throws {
        let starts = [start.delay != nil, start.runAt != nil, runsNow, resets.contains(.runAt)]
        if starts.count(where: \.self) > 1 {
            throw ValidationError("--delay, --run-at, --now and --unset run-at cannot be combined")
        }
    }

    /// Returns the edit as a JSON merge patch.
    ///
    /// - Parameter unique: The change of the unique key.
    /// - Throws: ``CommandError`` if the payload or the metadata cannot be read or is not JSON, or `--run-at` is not a time;
    ///   `ValidationError` if a field is both given and reset.
    func patch(_ unique: UniqueFields) throws -> String {
        let resets = Set(resets + (runsNow ? [.runAt] : []))
        let payload = try payload.map { try PayloadSource.read($0) }
        var submission = try repeatable.submission(type: "", payload: payload)
        submission.delay = start.delay
        submission.runAt = try start.time()
        unique.apply(to: &submission)
        let members = try RawJSON.members(of: submission.json) ?? []
        let given = members.compactMap { TaskEdit.Field(rawValue: $0.name) }
        // Both are the unique key.
        let isFree = resets.isDisjoint(with: Self.uniqueFields)
        if let field = given.first(where: (isFree ? resets : resets.union(Self.uniqueFields)).contains) {
            throw ValidationError("\(field.option) cannot be both given and unset")
        }
        var writer = JSONWriter()
        writer.object { writer in
            for member in members where member.name != "type" { writer.member(member.name, member.value) }
            for field in TaskEdit.Field.allCases where resets.contains(field) {
                writer.member(field.rawValue, nil as String?)
            }
        }
        return writer.text
    }

    private static let uniqueFields: Set<TaskEdit.Field> = [.uniqueKey, .unique]

    /// Whether standard input is the value of an option.
    var readsInput: Bool { payload == "-" || repeatable.metadata == "-" }

    /// The field with this name, as an option or as in the API.
    private static func field(_ text: String) throws -> TaskEdit.Field {
        guard let field = TaskEdit.Field(rawValue: text.replacing("-", with: "_")) else {
            let names = TaskEdit.Field.allCases.map(\.option).joined(separator: ", ")
            throw ValidationError("\(text) is not one of \(names)")
        }
        return field
    }
}

extension TaskEdit.Field {
    /// Its name on the command line.
    fileprivate var option: String { rawValue.replacing("_", with: "-") }
}
