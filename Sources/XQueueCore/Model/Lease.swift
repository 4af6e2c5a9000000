/// The secret half of a lease: only the attempt it was issued to can settle that attempt.
public struct LeaseToken: RawRepresentable, Sendable, Hashable {
    /// 1 to 2^52, so that a store whose numbers are doubles stores it exactly.
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// A random token, with room to count up from it within one claim.
    public init(random: any RandomSource) {
        self.init(rawValue: Int64(random.next() >> 13) + 1)
    }

    /// The token `offset` after this one: a claim of many tasks counts up from one random token.
    public func offset(by offset: Int) -> LeaseToken {
        LeaseToken(rawValue: rawValue.adding(clamped: Int64(offset)))
    }
}

/// The right to run one attempt of one task, until it expires.
public struct Lease: Sendable, Hashable {
    public let token: LeaseToken
    /// The node, or the remote worker, that holds it.
    public let workerID: String
    /// Whether a remote worker, outside the nodes' own processes, holds it: its attempt continues when the node
    /// that granted it exits.
    public let isRemote: Bool
    /// When the store reclaims the task, unless a heartbeat arrives first.
    public var expiresAt: Timestamp
    /// When the attempt must end, regardless of heartbeats; nil for no limit.
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
    /// Stored in place of a pending reason while a remote worker runs the task; it never changes once released.
    public static let remoteCode = 3

    /// The number stored beside the status: why a pending task is not running, or that a remote worker runs it;
    /// nil if neither.
    public var reasonCode: Int? {
        switch status {
        case .pending: pendingReason?.code
        case .processing: lease?.isRemote == true ? Self.remoteCode : nil
        case .success, .failed, .canceled, .timeout: nil
        }
    }
}
