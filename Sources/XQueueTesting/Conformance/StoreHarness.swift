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
    private let make: @Sendable (ManualClock, Limits) async throws -> any TaskStore

    /// - Parameter makeStore: makes an empty store that lives by the clock and keeps the limits. It
    ///   shares nothing with any other store made this way: cases run at the same time.
    public init(
        name: String,
        makeStore: @escaping @Sendable (ManualClock, Limits) async throws -> any TaskStore
    ) {
        self.name = name
        make = makeStore
    }

    /// A fresh, empty store.
    public func makeStore(
        clock: ManualClock, limits: Limits = Limits()
    ) async throws -> any TaskStore {
        try await make(clock, limits)
    }
}
