import Testing
import XQueueStoreTesting

@Suite("SQLite in memory")
struct SQLiteInMemoryConformanceTests {
    @Test(arguments: StoreConformance.all)
    func conforms(_ conformanceCase: ConformanceCase) async throws {
        try await conformanceCase.run(.sqliteInMemory)
    }

    @Test(arguments: StoreModelTest.seeds)
    func behavesLikeTheModel(seed: UInt64) async throws {
        try await StoreModelTest.run(.sqliteInMemory, seed: seed)
    }
}

@Suite("SQLite on disk")
struct SQLiteOnDiskConformanceTests {
    @Test(arguments: StoreConformance.all)
    func conforms(_ conformanceCase: ConformanceCase) async throws {
        try await conformanceCase.run(try .sqliteOnDisk())
    }

    @Test(arguments: StoreModelTest.seeds.prefix(3))
    func behavesLikeTheModel(seed: UInt64) async throws {
        try await StoreModelTest.run(try .sqliteOnDisk(), seed: seed, operations: 1000)
    }
}
