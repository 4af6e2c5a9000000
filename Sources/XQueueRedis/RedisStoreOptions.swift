#if Redis

public import XQueueCore

/// The bounds of a store on Redis.
public struct RedisStoreOptions: Sendable, Hashable {
    /// The most pending tasks; a submission beyond it is refused.
    public var maxBacklog: Int = 10_000_000
    /// The most distinct task types, ever.
    public var maxTypes: Int = 10_000
    /// The most calls of one kind that may wait for the server.
    public var maxWaitingCalls: Int = 65_536

    /// How long events are kept.
    public var events = EventRetention()

    public init() {}
}

#endif
