/// Which tasks to list.
public struct TaskQuery: Sendable, Hashable {
    /// Maximum number of tasks to skip. Skipping costs counting, so read further pages with ``after``.
    public static let maxOffset = 10_000

    /// Empty means all.
    public var statuses: Set<TaskStatus>
    /// Empty means all.
    public var types: Set<String>
    /// The concurrency keys whose tasks to list, each with the types it applies to: an empty set means all of
    /// ``types``. Empty means tasks with any key, or none.
    public var concurrencyKeys: [String: Set<String>]
    /// Maximum number of tasks on the page, 1 to 1000.
    public var limit: Int
    /// How many of the newest tasks to skip, 0 to ``maxOffset``, counted from ``after``.
    public var offset: Int
    /// Where to start: ``TaskPage/next`` of the previous page. Nil for the newest task.
    public var after: TaskCursor?
    /// Size, in bytes, of a page's payloads and results above which the page ends early.
    public var maxBytes: Int

    /// - Parameters:
    ///   - statuses: See ``statuses``.
    ///   - types: See ``types``.
    ///   - concurrencyKey: The only key, whatever the type; nil for tasks with any key, or none.
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

    /// Whether the query covers a task, regardless of where the list starts.
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
    /// Number of tasks that match the query, over all pages.
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

/// A position in a list of tasks: after one task, before all that follow. The task may have been removed since.
///
/// Clients get it from a page, as opaque text.
public struct TaskCursor: Sendable, Hashable {
    /// The last task before the position.
    public var last: TaskID
    /// That task's place in a queue's order, if the store lists it in that order rather than by identifier; nil
    /// if not. Its meaning is private to the store.
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
    /// The text's prefix, which later versions can tell from theirs.
    private static let version = "v1"

    /// `v1.` , the identifier, and the rank if there is one.
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
        // Each position has exactly one text.
        guard self.description == description else { return nil }
    }
}
