public import XQueueCore

/// How the conformance suite gets a store to test.
public struct StoreHarness: Sendable {
    /// The limits a fresh store is made with.
    public struct Limits: Sendable, Hashable {
        /// The most pending tasks, of all kinds together.
        public var maxBacklog: Int
        /// The most distinct task types.
        public var maxTypes: Int
        /// How long events are kept.
        public var events: EventRetention

        public init(
            maxBacklog: Int = 100_000, maxTypes: Int = 1000, events: EventRetention = EventRetention()
        ) {
            self.maxBacklog = maxBacklog
            self.maxTypes = maxTypes
            self.events = events
        }
    }

    /// What the store under test is called.
    public let name: String
    /// Whether the store moves what is waited for along when its wall clock is set, which takes a monotonic clock beside it.
    public let followsClockSteps: Bool
    private let make: @Sendable (ManualClock, Limits) async throws -> any TaskStore

    /// - Parameters:
    ///   - followsClockSteps: See ``followsClockSteps``.
    ///   - makeStore: makes an empty store that lives by the clock and keeps the limits. It
    ///     shares nothing with any other store made this way: cases run at the same time.
    public init(
        name: String,
        followsClockSteps: Bool = false,
        makeStore: @escaping @Sendable (ManualClock, Limits) async throws -> any TaskStore
    ) {
        self.name = name
        self.followsClockSteps = followsClockSteps
        make = makeStore
    }

    /// A fresh, empty store.
    public func makeStore(
        clock: ManualClock, limits: Limits = Limits()
    ) async throws -> any TaskStore {
        try await make(clock, limits)
    }
}
