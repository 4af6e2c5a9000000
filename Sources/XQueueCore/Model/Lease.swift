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

    /// The token `offset` after this one: a claim of many tasks counts up from one drawn token.
    public func offset(by offset: Int) -> LeaseToken {
        LeaseToken(rawValue: rawValue.adding(clamped: Int64(offset)))
    }
}

/// The right to run one attempt of one task, until it expires.
public struct Lease: Sendable, Hashable {
    public let token: LeaseToken
    /// The node that holds it, or the worker outside the nodes.
    public let workerID: String
    /// Whether a worker outside the nodes' own processes holds it: its attempt goes on when the node that gave it out ends.
    public let isRemote: Bool
    /// When the store takes the task back unless a heartbeat arrives first.
    public var expiresAt: Timestamp
    /// When the attempt must be over, whatever the heartbeats say; nil for never.
    public var deadline: Timestamp?

    public init(
        token: LeaseToken, workerID: String, isRemote: Bool = false, expiresAt: Timestamp,
        deadline: Timestamp?
    ) {
        self.token = token
        self.workerID = workerID
        self.isRemote = isRemote
        self.expiresAt = expiresAt
        self.deadline = deadline
    }
}

extension TaskState {
    /// What stores keep of a running task where they keep the pending reason of a waiting one, while a remote worker has it;
    /// it never changes once released.
    public static let remoteCode = 3

    /// The number stores keep beside the status: why a pending task is not running, or that a remote worker runs it; nil
    /// for neither.
    public var reasonCode: Int? {
        switch status {
        case .pending: pendingReason?.code
        case .processing: lease?.isRemote == true ? Self.remoteCode : nil
        case .success, .failed, .canceled, .timeout: nil
        }
    }
}
