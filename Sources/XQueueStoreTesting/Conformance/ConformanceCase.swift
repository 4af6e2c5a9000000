public import Testing
public import XQueueCore

/// One promise of a store, as a test.
public struct ConformanceCase: Sendable, CustomTestStringConvertible {
    /// The verb, and what is promised of it.
    public let name: String
    private let body: @Sendable (StoreHarness) async throws -> Void

    public var testDescription: String { name }

    /// A case that makes the stores it needs.
    init(_ name: String, harness body: @escaping @Sendable (StoreHarness) async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// A case that needs one fresh store.
    ///
    /// - Parameters:
    ///   - name: The verb, and what is promised of it.
    ///   - requires: What a store must promise for the case to be about it.
    ///   - limits: The bounds of the store.
    ///   - body: Tries it out.
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

    /// Runs the test; what is wrong is recorded as issues of the current Swift Testing test.
    public func run(_ harness: StoreHarness) async throws {
        try await body(harness)
    }
}

/// What every store must do, one case for each promise.
///
/// A store's test is one parameterised test over ``all``:
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
        insertCases, uniqueKeyCases, limitCases,
        claimCases, orderCases, concurrencyKeyCases, parkingOrderCases, typeLimitCases, pauseCases,
        typeRemovalCases,
        settleCases, fencingCases, heartbeatCases, progressCases,
        cancelCases, requeueCases,
        sweepCases, pruneCases, clockCases, nodeCases, leaseCases,
        queryCases, statisticsCases, signalCases, eventCases, eventRetentionCases,
        batchCases, concurrentCallerCases, closeCases, transferCases,
        machineCases,
    ].flatMap { $0 }
}

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
