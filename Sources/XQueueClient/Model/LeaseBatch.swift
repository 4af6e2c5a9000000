public import XQueueCore

/// Tasks that a worker was given.
public struct LeaseBatch: Sendable, Hashable, Decodable {
    /// The tasks, each with its lease.
    public internal(set) var leases: [LeasedTask]
    /// Whether there are more for the worker at once.
    public let hasMore: Bool
    /// How long a lease lasts from each renewal on.
    public let leaseDuration: Duration
    /// How often a lease should be renewed.
    public let heartbeatInterval: Duration

    /// Reads a batch.
    ///
    /// - Parameter decoder: What it is read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        leases = try object.value("leases")
        hasMore = try object.optional("has_more") ?? false
        leaseDuration = try object.duration("lease_duration")
        heartbeatInterval = try object.duration("heartbeat_interval")
    }
}

extension LeaseBatch: KeepsJSON {
    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError) {
        try leases.keep(try json.member("leases"))
    }
}

/// A task that a worker was given.
public struct LeasedTask: Sendable, Hashable, Decodable {
    /// The lease's name: the right to run this one attempt.
    public let lease: String
    /// When the lease ends unless it is renewed, by the store's clock.
    public let expiresAt: Timestamp?
    /// When the attempt has run for as long as it may; nil for ever.
    public let timeoutAt: Timestamp?
    /// The task.
    public internal(set) var task: QueueTask

    /// Reads a task with its lease.
    ///
    /// - Parameter decoder: What it is read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        lease = try object.value("lease")
        expiresAt = try object.optionalTime("expires_at")
        timeoutAt = try object.optionalTime("timeout_at")
        task = try object.value("task")
    }
}

extension LeasedTask: KeepsJSON {
    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError) {
        if let member = try json.member("task") { try task.keep(member) }
    }
}

/// What becomes of a lease.
public struct LeaseStanding: Sendable, Hashable, Decodable {
    /// The lease's name.
    public let lease: String
    /// Whether the worker should stop.
    public let stop: Bool
    /// Why it should: `canceled`, `timeout` or `lost`.
    public let reason: String?
    /// How long the lease lasts from now on; zero if it is lost.
    public let duration: Duration

    /// Reads a standing.
    ///
    /// - Parameter decoder: What it is read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        lease = try object.value("lease")
        stop = try object.value("stop")
        reason = try object.optional("reason")
        duration = try object.duration("lease_duration")
    }
}

/// What the end of an attempt came to.
struct LeaseOutcome: Sendable, Decodable {
    let status: String
}
