#if Redis

import Testing
import XQueueTestServers
import XQueueStoreTesting

@Suite("Redis")
struct RedisConformanceTests {
    @Test(arguments: StoreConformance.all)
    func conforms(_ conformanceCase: ConformanceCase) async throws {
        try await conformanceCase.run(try await .redis())
    }

    @Test(arguments: StoreConformance.all)
    func conformsWithoutFastPaths(_ conformanceCase: ConformanceCase) async throws {
        try await conformanceCase.run(try await .redisWithoutFastPaths())
    }

    @Test(arguments: StoreConformance.all)
    func conformsInACluster(_ conformanceCase: ConformanceCase) async throws {
        try await conformanceCase.run(try await .redisCluster())
    }

    @Test(arguments: StoreModelTest.seeds)
    func behavesLikeTheModel(seed: UInt64) async throws {
        try await StoreModelTest.run(try await .redis(), seed: seed)
    }
}

#endif
