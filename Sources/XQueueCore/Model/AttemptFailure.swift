/// Why an attempt did not succeed, as its worker or the store saw it.
public struct AttemptFailure: Sendable, Hashable {
    /// What kind of end it was. The raw values are the words on the wire.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The handler threw.
        case error
        /// The attempt ran longer than its process timeout.
        case timeout
        /// The worker stopped sending heartbeats.
        case leaseLost = "lease_lost"
    }

    public var kind: Kind
    /// Kept without control characters but tabs and line breaks, and of at most ``ModelLimits/errorBytes``.
    public var message: String {
        didSet { message = message.readable(toBytes: ModelLimits.errorBytes) }
    }
    /// True when another attempt could not do better: no retry is made.
    public var isPermanent: Bool
    /// A wait the handler asked for, in place of the retry policy's.
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

/// One line of a task's history: an attempt that did not succeed.
public struct AttemptError: Sendable, Hashable {
    /// 1 for the first attempt.
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
    /// What the handler says it is doing, kept as an error's message is, but no longer than
    /// ``ModelLimits/progressMessageBytes``.
    public var message: String?

    /// A value outside 0 to 100 is moved to the nearer end; not-a-number becomes 0.
    public init(percent: Double, message: String? = nil) {
        self.percent = percent.isNaN ? 0 : min(max(percent, 0), 100)
        self.message = message?.readable(toBytes: ModelLimits.progressMessageBytes)
    }
}

extension String {
    /// The string, or as many of its first characters as fit into `limit` bytes of UTF-8.
    package func truncated(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
