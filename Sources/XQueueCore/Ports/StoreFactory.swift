/// A kind of store together with its settings: everything needed to open one.
///
/// A program that supports several stores has a table of factories, and knows nothing else about them.
public protocol StoreFactory: Sendable {
    /// The store's name: `sqlite`.
    var name: String { get }

    /// Where the queue is stored, for people: a path or an address, without any password.
    var place: String { get }

    /// Opens the store, creating it if necessary.
    ///
    /// - Parameter limits: The limits it enforces.
    /// - Throws: ``StoreError`` with a message that says which place cannot be used and why.
    func open(_ limits: StoreLimits) async throws(StoreError) -> any Store

    /// Whether a store that could not be opened may become available shortly, so that retrying makes sense.
    ///
    /// - Parameter error: The error from ``open(_:)``.
    func isTransient(_ error: StoreError) -> Bool
}

extension StoreFactory {
    /// False: retrying does not help.
    public func isTransient(_ error: StoreError) -> Bool { false }
}

/// Limits that any ``Store`` enforces.
public struct StoreLimits: Sendable, Hashable {
    /// Maximum number of pending tasks, of all kinds together; further submissions are rejected.
    public var maxBacklog: Int
    /// Maximum number of distinct task types; a submission of a further type is rejected.
    public var maxTypes: Int
    /// Maximum number of waiting calls of one kind; further calls are rejected.
    public var maxWaitingCalls: Int
    /// Event-log retention.
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

/// Guarantees of a ``Store`` beyond those of every store.
///
/// Code that depends on one checks for it here, never for a particular store. The conformance suite tests a
/// store for those it declares.
public struct StoreCapabilities: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// This process has the store to itself: no other can ever take over its attempts, and its data cannot be
    /// lost while it is open.
    public static let exclusive = StoreCapabilities(rawValue: 1)
    /// A claim takes the best task of the whole queue, whatever its type. Without it, the order holds only
    /// within each part of a queue that is spread over several servers.
    public static let globalOrder = StoreCapabilities(rawValue: 1 << 1)
    /// Every free slot of a type can be taken immediately. Without it, the type's limit still holds, but for a
    /// while fewer tasks may run though some are waiting.
    public static let exactTypeLimits = StoreCapabilities(rawValue: 1 << 2)
    /// Events are numbered from 1 without gaps, so the difference of two cursors is the number of events
    /// between them.
    public static let gapFreeCursors = StoreCapabilities(rawValue: 1 << 3)
    /// Pending times move along when the store's wall clock is set, which requires a monotonic clock beside it.
    public static let followsClockSteps = StoreCapabilities(rawValue: 1 << 4)
}
