/// Which tasks to list.
public struct TaskQuery: Sendable, Hashable {
    /// How many tasks may be skipped: what is skipped has to be counted, so that who reads on uses ``after``.
    public static let maxOffset = 10_000

    /// Empty means all.
    public var statuses: Set<TaskStatus>
    /// Empty means all.
    public var types: Set<String>
    /// The concurrency keys whose tasks to list, each with the types it is meant for: an empty set means all of
    /// ``types``. Empty means tasks with whatever key, and without.
    public var concurrencyKeys: [String: Set<String>]
    /// The most tasks of the page, 1 to 1000.
    public var limit: Int
    /// How many of the newest to skip, 0 to ``maxOffset``; counted from ``after``.
    public var offset: Int
    /// After which place to begin: ``TaskPage/next`` of the page before. Nil for the newest task.
    public var after: TaskCursor?
    /// How large the payloads and results of a page may be together before it ends early, in bytes.
    public var maxBytes: Int

    /// - Parameters:
    ///   - statuses: See ``statuses``.
    ///   - types: See ``types``.
    ///   - concurrencyKey: The only key, whatever the type; nil for tasks with whatever key, and without.
    ///   - limit: See ``limit``.
    ///   - offset: See ``offset``.
    ///   - after: See ``after``.
    ///   - maxBytes: See ``maxBytes``.
    public init(
        statuses: Set<TaskStatus> = [], types: Set<String> = [], concurrencyKey: String? = nil,
        limit: Int = 10, offset: Int = 0, after: TaskCursor? = nil, maxBytes: Int = ModelLimits.answerBytes
    ) {
        self.statuses = statuses
        self.types = types
        concurrencyKeys = concurrencyKey.map { [$0: []] } ?? [:]
        self.limit = limit
        self.offset = offset
        self.after = after
        self.maxBytes = maxBytes
    }

    /// Whether a task is one of those that are listed, wherever the list begins.
    public func matches(_ task: TaskRecord) -> Bool {
        guard statuses.isEmpty || statuses.contains(task.status), types.isEmpty || types.contains(task.type)
        else { return false }
        if concurrencyKeys.isEmpty { return true }
        guard let key = task.concurrency?.key, let types = concurrencyKeys[key] else { return false }
        return types.isEmpty || types.contains(task.type)
    }
}

/// One page of a list.
public struct TaskPage: Sendable, Hashable {
    /// Newest first.
    public var tasks: [TaskRecord]
    /// How many tasks the query matches in all, on whichever page.
    public var total: Int
    /// Where the next page begins; nil if no task comes after these.
    public var next: TaskCursor?

    /// - Parameters:
    ///   - tasks: See ``tasks``.
    ///   - total: See ``total``.
    ///   - next: See ``next``.
    public init(tasks: [TaskRecord], total: Int, next: TaskCursor? = nil) {
        self.tasks = tasks
        self.total = total
        self.next = next
    }
}

/// A place in a list of tasks: after one task, and before all that follow it. The task need not be there any more.
///
/// Clients see it as an opaque text, which they have from a page.
public struct TaskCursor: Sendable, Hashable {
    /// The last task before the place.
    public var last: TaskID
    /// That task's place in the order of a queue, if the store lists it in that order rather than by identifiers; nil if
    /// not. Only the store knows what it means.
    public var rank: Int64?

    /// - Parameters:
    ///   - last: See ``last``.
    ///   - rank: See ``rank``.
    public init(last: TaskID, rank: Int64? = nil) {
        self.last = last
        self.rank = rank
    }
}

extension TaskCursor: LosslessStringConvertible {
    /// What the text begins with, so that later versions can tell it from theirs.
    private static let version = "v1"

    /// `v1.` and the identifier, and the rank if there is one.
    public var description: String {
        let id = last.description.filter { $0 != "-" }
        return rank.map { "\(Self.version).\(id).\($0)" } ?? "\(Self.version).\(id)"
    }

    /// Nil unless the text is a cursor's ``description``.
    public init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false)
        guard 2...3 ~= parts.count, parts[0] == Self.version, parts[1].utf8.count == 32 else { return nil }
        let digits = Array(parts[1])
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        guard let last = TaskID(text) else { return nil }
        self.init(last: last)
        if parts.count == 3 {
            guard let rank = Int64(parts[2]) else { return nil }
            self.rank = rank
        }
        // One place has one text.
        guard self.description == description else { return nil }
    }
}
