import Testing
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting

extension StoreHarness {
    fileprivate static let mine = StoreHarness(name: "mine") { clock, limits in
        try SQLiteStore(path: ":memory:", limits: limits, clock: clock)
    }
}

@Suite struct MyStoreTests {
    // All of them are run where the store is tested; the article shows how.
    @Test(arguments: StoreConformance.all.prefix(3))
    func conforms(_ conformanceCase: ConformanceCase) async throws {
        try await conformanceCase.run(.mine)
    }

    @Test(arguments: StoreModelTest.seeds.prefix(1))
    func behavesLikeTheModel(seed: UInt64) async throws {
        try await StoreModelTest.run(.mine, seed: seed, operations: 200)
    }
}
