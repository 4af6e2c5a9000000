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
        batchCases, concurrentCallerCases, closeCases,
        machineCases,
    ].flatMap { $0 }
}
