/// Why an attempt did not succeed, as seen by its worker or the store.
public struct AttemptFailure: Sendable, Hashable {
    /// How the attempt ended. The raw values are used on the wire.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The handler threw.
        case error
        /// The attempt ran longer than its process timeout.
        case timeout
        /// The worker stopped sending heartbeats.
        case leaseLost = "lease_lost"
    }

    public var kind: Kind
    /// Stripped of control characters other than tabs and line breaks, and cut to ``ModelLimits/errorBytes``.
    public var message: String {
        didSet { message = message.readable(toBytes: ModelLimits.errorBytes) }
    }
    /// Whether another attempt would be pointless: there is no retry.
    public var isPermanent: Bool
    /// The wait before the next attempt, set by the handler; replaces the retry policy's.
    public var retryAfter: Duration?

    public init(
        _ message: String, kind: Kind = .error, isPermanent: Bool = false, retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.message = message.readable(toBytes: ModelLimits.errorBytes)
        self.isPermanent = isPermanent
        self.retryAfter = retryAfter
    }
}

/// An entry of a task's error history: an attempt that did not succeed.
public struct AttemptError: Sendable, Hashable {
    /// From 1.
    public var attempt: Int
    public var kind: AttemptFailure.Kind
    public var message: String
    public var workerID: String?
    public var startedAt: Timestamp?
    public var endedAt: Timestamp

    public init(
        attempt: Int, kind: AttemptFailure.Kind, message: String, workerID: String?,
        startedAt: Timestamp?, endedAt: Timestamp
    ) {
        self.attempt = attempt
        self.kind = kind
        self.message = message
        self.workerID = workerID
        self.startedAt = startedAt
        self.endedAt = endedAt
    }
}

/// How far a running task has come.
public struct TaskProgress: Sendable, Hashable {
    /// 0 to 100.
    public var percent: Double
    /// What the handler is doing; cleaned up as an error's message is, and cut to
    /// ``ModelLimits/progressMessageBytes``.
    public var message: String?

    /// Clamps a percentage outside 0 to 100; not-a-number becomes 0.
    public init(percent: Double, message: String? = nil) {
        self.percent = percent.isNaN ? 0 : min(max(percent, 0), 100)
        self.message = message?.readable(toBytes: ModelLimits.progressMessageBytes)
    }
}

extension String {
    /// The string, truncated at a character boundary to at most `limit` bytes of UTF-8.
    package func truncated(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
