/// One kind of store with its settings, which are the factory's own properties: everything that it takes to open one.
///
/// A program that runs on several stores has a table of them, and knows nothing else of any.
public protocol StoreFactory: Sendable {
    /// What the store is called: `sqlite`.
    var name: String { get }

    /// Where the queue is kept, for people: a path or an address, without any password.
    var place: String { get }

    /// Opens the store, or makes it.
    ///
    /// - Parameter limits: The bounds it keeps.
    /// - Throws: ``StoreError`` with a message that says which place cannot be used, and why.
    func open(_ limits: StoreLimits) async throws(StoreError) -> any Store

    /// Whether a store that could not be opened may be there a moment later, so that it is worth waiting for.
    ///
    /// - Parameter error: What ``open(_:)`` has thrown.
    func mayPass(_ error: StoreError) -> Bool
}

extension StoreFactory {
    /// False: what is there is there at once.
    public func mayPass(_ error: StoreError) -> Bool { false }
}

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

/// What a ``Store`` promises beyond what every store does.
///
/// Whoever needs one of these asks for it here, and never which store it is. The conformance suite demands of a store
/// what it says.
public struct StoreCapabilities: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// This process has the store to itself: no other can ever take over its attempts, and its data cannot be lost
    /// while it is open.
    public static let exclusive = StoreCapabilities(rawValue: 1)
    /// A claim takes the best task of the whole queue, whatever its type. Without it the order holds within each part
    /// of a queue that is spread over several servers.
    public static let globalOrder = StoreCapabilities(rawValue: 1 << 1)
    /// Every free slot of a type can be taken at once. Without it, too, never more tasks of the type run than its limit
    /// says, but for a while there may be fewer though some wait.
    public static let exactTypeLimits = StoreCapabilities(rawValue: 1 << 2)
    /// Events are numbered from 1 without gaps, so that the difference of two cursors says how many are between them.
    public static let gapFreeCursors = StoreCapabilities(rawValue: 1 << 3)
    /// What is waited for moves along when somebody sets the store's wall clock, which takes a monotonic clock beside
    /// it.
    public static let followsClockSteps = StoreCapabilities(rawValue: 1 << 4)
}
