/// A snapshot of what is in the store.
public struct StoreStatistics: Sendable, Hashable {
    public var types: [TypeState]
    /// Keys with a running task, busiest first, at most 100.
    public var keys: [KeyState]
    /// Number of keys with a running task.
    public var keysInUse: Int
    /// Age of the oldest pending task that is not scheduled; zero if it was created in the future, before the
    /// store's clock was set back.
    public var oldestPendingAge: Duration?
    public var lastMinute: FlowCounts
    /// The last minute, second by second.
    public var history: FlowHistory

    public init(
        types: [TypeState], keys: [KeyState], keysInUse: Int, oldestPendingAge: Duration?,
        lastMinute: FlowCounts, history: FlowHistory
    ) {
        self.types = types
        self.keys = keys
        self.keysInUse = keysInUse
        self.oldestPendingAge = oldestPendingAge.map { max($0, .zero) }
        self.lastMinute = lastMinute
        self.history = history
    }

    public var counts: StatusCounts {
        types.reduce(StatusCounts()) { $0 + $1.counts }
    }
}

/// Number of tasks in each status.
public struct StatusCounts: Sendable, Hashable {
    private var counts: InlineCounts = InlineCounts()

    public init() {}

    public subscript(status: TaskStatus) -> Int {
        get { counts[status.code] }
        set { counts[status.code] = newValue }
    }

    public static func + (lhs: StatusCounts, rhs: StatusCounts) -> StatusCounts {
        var sum = lhs
        for status in TaskStatus.allCases { sum[status] = sum[status].adding(clamped: rhs[status]) }
        return sum
    }

    public var total: Int { TaskStatus.allCases.reduce(0) { $0.adding(clamped: self[$1]) } }
    public var finished: Int {
        TaskStatus.allCases.reduce(0) { $0.adding(clamped: $1.isFinal ? self[$1] : 0) }
    }
}

/// Six integers in place, one for each status code.
private struct InlineCounts: Sendable, Hashable {
    private var values: SIMD8<Int64> = .zero

    subscript(code: Int) -> Int {
        get { Int(values[code]) }
        set { values[code] = Int64(newValue) }
    }
}

/// One concurrency key in use.
public struct KeyState: Sendable, Hashable {
    public var key: String
    /// Number of its running tasks.
    public var held: Int
    /// The largest limit among its running tasks.
    public var limit: Int
    /// Number of its parked tasks.
    public var waiting: Int

    public init(key: String, held: Int, limit: Int, waiting: Int) {
        self.key = key
        self.held = held
        self.limit = limit
        self.waiting = waiting
    }
}

/// Counts of each kind of step within the last minute.
public struct FlowCounts: Sendable, Hashable {
    public var submitted = 0
    public var started = 0
    public var succeeded = 0
    public var failed = 0
    public var retried = 0
    public var canceled = 0
    public var timedOut = 0

    public init() {}

    public static func + (lhs: FlowCounts, rhs: FlowCounts) -> FlowCounts {
        var sum = lhs
        sum.submitted = sum.submitted.adding(clamped: rhs.submitted)
        sum.started = sum.started.adding(clamped: rhs.started)
        sum.succeeded = sum.succeeded.adding(clamped: rhs.succeeded)
        sum.failed = sum.failed.adding(clamped: rhs.failed)
        sum.retried = sum.retried.adding(clamped: rhs.retried)
        sum.canceled = sum.canceled.adding(clamped: rhs.canceled)
        sum.timedOut = sum.timedOut.adding(clamped: rhs.timedOut)
        return sum
    }
}

/// Counts of each kind of step in each of the last whole seconds, as far back as the store knows; it may cover
/// less than a minute.
public struct FlowHistory: Sendable, Hashable {
    /// Maximum number of seconds in a history: with the current one they make up the last minute.
    public static let maxSeconds = 59

    /// When the first second began, in whole seconds since 1970.
    public var start: Timestamp
    /// One entry per second, in order, without gaps.
    public var seconds: [FlowCounts]

    public init(start: Timestamp = Timestamp(milliseconds: 0), seconds: [FlowCounts] = []) {
        self.start = start
        self.seconds = seconds
    }
}

extension Timestamp {
    /// Whole seconds since 1970, rounded down.
    package var wholeSeconds: Int64 {
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
