public import Testing
public import XQueueCore
public import XQueueTesting

/// One guarantee of a store, as a test.
public struct ConformanceCase: Sendable, CustomTestStringConvertible {
    /// The verb, and what it guarantees.
    public let name: String
    private let body: @Sendable (StoreHarness) async throws -> Void

    public var testDescription: String { name }

    /// A case that creates its own stores.
    init(_ name: String, harness body: @escaping @Sendable (StoreHarness) async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// A case that needs one fresh store.
    ///
    /// - Parameters:
    ///   - name: The verb, and what it guarantees.
    ///   - requires: Capabilities without which the case does not apply to a store.
    ///   - limits: The store's limits.
    ///   - body: The test.
    init(
        _ name: String, requires: StoreCapabilities = [], limits: StoreLimits = .init(),
        _ body: @escaping @Sendable (StoreFixture) async throws -> Void
    ) {
        self.init(
            name,
            harness: { harness in
                try await StoreFixture.with(harness, requires: requires, limits: limits, body)
            })
    }

    /// Runs the test; failures are recorded as issues of the current Swift Testing test.
    public func run(_ harness: StoreHarness) async throws {
        try await body(harness)
    }
}

/// What every store must do, one case per guarantee.
///
/// A store's test is a single parameterized test over ``all``:
///
/// ```swift
/// @Test(arguments: StoreConformance.all)
/// func conforms(_ conformanceCase: ConformanceCase) async throws {
///     try await conformanceCase.run(harness)
/// }
/// ```
public enum StoreConformance {
    /// Every case, in the order of the port's verbs.
    public static let all: [ConformanceCase] = [
        insertCases, uniqueKeyCases, uniqueRuleCases, blockedCases, rewriteCases, limitCases,
        claimCases, orderCases, concurrencyKeyCases, parkingOrderCases, typeLimitCases, pauseCases,
        typeRemovalCases,
        settleCases, fencingCases, heartbeatCases, progressCases,
        cancelCases, requeueCases,
        sweepCases, pruneCases, scheduleCases, clockCases, nodeCases, leaseCases,
        queryCases, statisticsCases, signalCases, eventCases, eventRetentionCases,
        batchCases, concurrentCallerCases, closeCases, transferCases,
        machineCases,
    ].flatMap { $0 }
}

/// Creates stores for the conformance suite.
public struct StoreHarness: Sendable {
    /// The name of the store under test.
    public let name: String
    private let make: @Sendable (ManualClock, StoreLimits) async throws -> any Store

    /// - Parameters:
    ///   - name: The name of the store under test.
    ///   - makeStore: Creates an empty store that uses the clock and enforces the limits. It must share nothing
    ///     with other stores created this way, because cases run concurrently.
    public init(
        name: String,
        makeStore: @escaping @Sendable (ManualClock, StoreLimits) async throws -> any Store
    ) {
        self.name = name
        make = makeStore
    }

    /// Creates an empty store.
    ///
    /// - Parameters:
    ///   - clock: The store's clock.
    ///   - limits: The limits it enforces.
    public func makeStore(
        clock: ManualClock, limits: StoreLimits = StoreLimits()
    ) async throws -> any Store {
        try await make(clock, limits)
    }
}
