/// The secret half of a lease: only the attempt it was issued to can finish that attempt.
public struct LeaseToken: RawRepresentable, Sendable, Hashable {
    /// 1 to 2^52, so that a store whose numbers are doubles keeps it exactly.
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// A token drawn at random, with room to count up from it within one claim.
    public init(random: any RandomSource) {
        self.init(rawValue: Int64(random.next() >> 13) + 1)
    }

    /// A token for a worker outside the nodes' own processes, which outlives the node that drew it.
    package init(remote random: any RandomSource) {
        self.init(rawValue: Self.remoteStart + Int64(random.next() >> 14))
    }

    /// Whether the lease was given to a worker outside the nodes' own processes.
    ///
    /// The number itself says so, so that a store that finds its attempts abandoned by the process that had it
    /// open can tell those that go on without that process.
    package var isRemote: Bool { rawValue >= Self.remoteStart }

    /// Above all tokens of a node's own worker, with room for those that one claim counts up to.
    private static let remoteStart: Int64 = (1 << 51) + (1 << 21)

    /// The token `offset` after this one: a claim of many tasks counts up from one drawn token.
    public func offset(by offset: Int) -> LeaseToken {
        LeaseToken(rawValue: rawValue.adding(clamped: Int64(offset)))
    }
}

/// The right to run one attempt of one task, until it expires.
public struct Lease: Sendable, Hashable {
    public let token: LeaseToken
    /// The node that holds it.
    public let workerID: String
    /// When the store takes the task back unless a heartbeat arrives first.
    public var expiresAt: Timestamp
    /// When the attempt must be over, whatever the heartbeats say; nil for never.
    public var deadline: Timestamp?

    public init(token: LeaseToken, workerID: String, expiresAt: Timestamp, deadline: Timestamp?) {
        self.token = token
        self.workerID = workerID
        self.expiresAt = expiresAt
        self.deadline = deadline
    }
}
