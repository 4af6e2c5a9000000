#if Redis

import XQueueCore
@testable import XQueueRedis
import XQueueTestServers
import XQueueStoreTesting

extension StoreHarness {
    /// Stores on one shared server, each under a prefix of its own, with the rights that the documents give.
    static func redis() async throws -> StoreHarness {
        redis(named: "redis", at: try await RedisServer.guarded.guardedAddress)
    }

    /// Stores in one shared Redis Cluster; most are on another server than the one that is named.
    static func redisCluster() async throws -> StoreHarness {
        redis(named: "redis-cluster", at: try await RedisClusterServers.shared.first.address)
    }

    /// The same, but no script takes a short way: both must do the same.
    static func redisWithoutShortWays() async throws -> StoreHarness {
        redis(named: "redis-general", at: try await RedisServer.guarded.guardedAddress, shortWays: false)
    }

    private static func redis(
        named name: String, at address: String, shortWays: Bool = true
    ) -> StoreHarness {
        StoreHarness(name: name) { clock, limits in
            var configuration = try RedisConfiguration(address: address)
            configuration.keyPrefix = RedisServer.prefix()
            configuration.minIdleConnections = 1
            configuration.poolSize = 2
            return try await RedisStore(configuration, limits, clock: clock, shortWays: shortWays)
        }
    }
}

#endif
