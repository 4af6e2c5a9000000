/// The bounds of a ``Store``, whichever it is.
public struct StoreLimits: Sendable, Hashable {
    /// The most pending tasks, of all kinds together; a submission beyond it is refused.
    public var maxBacklog: Int
    /// The most distinct task types; a submission of one more is refused.
    public var maxTypes: Int
    /// The most calls of one kind that may wait for the store; more are refused.
    public var maxWaitingCalls: Int
    /// How long events are kept.
    public var events: EventRetention

    /// - Parameters:
    ///   - maxBacklog: See ``maxBacklog``.
    ///   - maxTypes: See ``maxTypes``.
    ///   - maxWaitingCalls: See ``maxWaitingCalls``.
    ///   - events: See ``events``.
    public init(
        maxBacklog: Int = 10_000_000, maxTypes: Int = 10_000, maxWaitingCalls: Int = 65_536,
        events: EventRetention = EventRetention()
    ) {
        self.maxBacklog = maxBacklog
        self.maxTypes = maxTypes
        self.maxWaitingCalls = maxWaitingCalls
        self.events = events
    }
}
