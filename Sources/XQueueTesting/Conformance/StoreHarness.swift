public import XQueueCore

/// How the conformance suite gets a store to test.
public struct StoreHarness: Sendable {
    /// What the store under test is called.
    public let name: String
    private let make: @Sendable (ManualClock, StoreLimits) async throws -> any Store

    /// - Parameters:
    ///   - name: What the store under test is called.
    ///   - makeStore: Makes an empty store that lives by the clock and keeps the limits. It
    ///     shares nothing with any other store made this way: cases run at the same time.
    public init(
        name: String,
        makeStore: @escaping @Sendable (ManualClock, StoreLimits) async throws -> any Store
    ) {
        self.name = name
        make = makeStore
    }

    /// A fresh, empty store.
    ///
    /// - Parameters:
    ///   - clock: What it lives by.
    ///   - limits: The bounds it keeps.
    public func makeStore(
        clock: ManualClock, limits: StoreLimits = StoreLimits()
    ) async throws -> any Store {
        try await make(clock, limits)
    }
}
