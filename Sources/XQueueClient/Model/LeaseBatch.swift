public import XQueueCore

/// Tasks claimed by a worker.
public struct LeaseBatch: Sendable, Hashable, Decodable {
    /// The tasks, each with its lease.
    public internal(set) var leases: [LeasedTask]
    /// Whether more tasks are ready for the worker.
    public let hasMore: Bool
    /// How long a lease lasts after each renewal.
    public let leaseDuration: Duration
    /// How often to renew a lease.
    public let heartbeatInterval: Duration

    /// Decodes a batch.
    ///
    /// - Parameter decoder: The decoder to read from.
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

/// A task claimed by a worker.
public struct LeasedTask: Sendable, Hashable, Decodable {
    /// Name of the lease, which permits the worker to run this attempt.
    public let lease: String
    /// When the lease expires unless renewed, by the store's clock.
    public let expiresAt: Timestamp?
    /// Deadline of the attempt; nil = no limit.
    public let timeoutAt: Timestamp?
    /// The task.
    public internal(set) var task: QueueTask

    /// Decodes a task with its lease.
    ///
    /// - Parameter decoder: The decoder to read from.
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

/// The state of a lease after a renewal.
public struct LeaseState: Sendable, Hashable, Decodable {
    /// Name of the lease.
    public let lease: String
    /// Whether the worker should stop.
    public let stop: Bool
    /// Why it should stop: `canceled`, `timeout` or `lost`.
    public let reason: String?
    /// Remaining duration of the lease; zero if it is lost.
    public let duration: Duration

    /// Decodes the state of a lease.
    ///
    /// - Parameter decoder: The decoder to read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        lease = try object.value("lease")
        stop = try object.value("stop")
        reason = try object.optional("reason")
        duration = try object.duration("lease_duration")
    }
}

/// The reply to settling an attempt.
struct LeaseOutcome: Sendable, Decodable {
    let status: String
}
