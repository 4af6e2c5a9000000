import Testing
import XQueueSimulation
import XQueueStoreTesting

/// The store that simulations run on is a store like any other.
@Suite("Model store")
struct ModelStoreTests {
    private static let harness = StoreHarness(name: "model") { clock, limits in
        ModelStore(clock: clock, limits: limits)
    }

    @Test(arguments: StoreConformance.all)
    func conforms(_ conformanceCase: ConformanceCase) async throws {
        try await conformanceCase.run(Self.harness)
    }

    @Test(arguments: StoreModelTest.seeds.prefix(3))
    func behavesLikeTheModel(seed: UInt64) async throws {
        try await StoreModelTest.run(Self.harness, seed: seed, operations: 1000)
    }
}
