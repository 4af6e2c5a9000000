import ArgumentParser
import XQueueClient

/// The rule of a task's unique key as options; omitted ones are left to the server.
struct UniqueFields: ParsableArguments {
    /// The path that stands for the whole payload.
    private static let wholePayload = "."

    @Option(
        name: .customLong("unique-key"),
        help: ArgumentHelp(
            "While a task with this key is unfinished, submissions with the key return it by default.",
            valueName: "key"))
    var key: String?

    @Option(
        name: .customLong("unique-by"),
        help: ArgumentHelp(
            "Part of the payload that belongs to the key, such as customer.id; . = all of it; may be repeated.",
            valueName: "path"))
    var paths: [String] = []

    @Option(
        name: .customLong("unique-until"),
        help: ArgumentHelp(
            "When the key becomes free: once the task has started, once it is done, or after the window; default: done.",
            valueName: "moment"))
    var until: Until?

    @Option(
        name: .customLong("unique-window"),
        help: ArgumentHelp(
            "How long the task holds the key at least, from its submission.", valueName: "duration"),
        transform: DurationArgument.parse)
    var window: Duration?

    @Flag(name: .customLong("unique-across-types"), help: "Share the key with other types that do.")
    var isAcrossTypes = false

    enum Until: String, CaseIterable, ExpressibleByArgument {
        case started, done, window
    }

    var isEmpty: Bool { !hasKey && until == nil && window == nil && !isAcrossTypes }

    /// Whether the options describe a key.
    private var hasKey: Bool { key != nil || !paths.isEmpty }

    func validate() throws {
        if paths.contains(Self.wholePayload), paths.count > 1 {
            throw ValidationError(
                "--unique-by . is the whole payload and cannot be combined with other paths")
        }
    }

    /// - Throws: `ValidationError` if there are options but no key.
    func checkKey(_ conflict: ConflictFields? = nil) throws {
        guard hasKey || (isEmpty && conflict?.isEmpty ?? true) else {
            throw ValidationError("--unique-key or --unique-by is required with other options for uniqueness")
        }
    }

    /// Adds the rule to a submission. A key alone is sent in its short form, which older servers know, too.
    func apply(to submission: inout Submission, _ conflict: ConflictFields? = nil) {
        let unique = Submission.Unique(
            key: key, by: by, until: until.map { Submission.Unique.Until(rawValue: $0.rawValue) },
            window: window, isAcrossTypes: isAcrossTypes ? true : nil, onConflict: conflict?.conflict)
        if unique == Submission.Unique(key: key) {
            submission.uniqueKey = key
        } else {
            submission.unique = unique
        }
    }

    private var by: [String]? {
        if paths.isEmpty { return nil }
        return paths == [Self.wholePayload] ? [] : paths
    }
}

/// What a submission does if another task holds its unique key, as options.
struct ConflictFields: ParsableArguments {
    @Option(
        name: .customLong("on-conflict"),
        help: ArgumentHelp(
            "What to do if another task holds the key; default: return.", valueName: "action"))
    var action: Action?

    @Option(
        name: .customLong("debounce-wait"),
        help: ArgumentHelp(
            "With debounce: how long to wait after the latest submission.", valueName: "duration"),
        transform: DurationArgument.parse)
    var wait: Duration?

    @Option(
        name: .customLong("debounce-max-wait"),
        help: ArgumentHelp(
            "With debounce: maximum wait after the first submission; default: 10 times the wait.",
            valueName: "duration"),
        transform: DurationArgument.parse)
    var maxWait: Duration?

    @Option(
        name: .customLong("debounce-keep"),
        help: ArgumentHelp(
            "With debounce: which of the submissions to run; default: latest.", valueName: "which"))
    var kept: Kept?

    enum Action: String, CaseIterable, ExpressibleByArgument {
        case returnExisting = "return"
        case reject, replace, rerun, debounce
    }

    enum Kept: String, CaseIterable, ExpressibleByArgument {
        case first, latest
    }

    var isEmpty: Bool { action == nil && !hasDebounce }

    private var hasDebounce: Bool { wait != nil || maxWait != nil || kept != nil }

    func validate() throws {
        if action == .debounce, wait == nil {
            throw ValidationError("--on-conflict debounce requires --debounce-wait")
        }
        if action != .debounce, hasDebounce {
            throw ValidationError(
                "--debounce-wait, --debounce-max-wait and --debounce-keep require --on-conflict debounce")
        }
    }

    var conflict: Submission.Unique.Conflict? {
        switch action {
        case nil: nil
        case .returnExisting: .returnExisting
        case .reject: .reject
        case .replace: .replace
        case .rerun: .rerun
        case .debounce: wait.map { .debounce(wait: $0, maxWait: maxWait, keepsFirst: kept == .first) }
        }
    }
}
