#if Redis

import XQueueCore
@testable import XQueueRedis
import XQueueTestServers
import XQueueStoreTesting

extension StoreHarness {
    /// Stores on one shared server, each with its own prefix and with the documented rights.
    static func redis() async throws -> StoreHarness {
        redis(named: "redis", at: try await RedisServer.guarded.guardedAddress)
    }

    /// Stores in one shared Redis Cluster. Most are on another server than the configured one.
    static func redisCluster() async throws -> StoreHarness {
        redis(named: "redis-cluster", at: try await RedisClusterServers.shared.first.address)
    }

    /// The same, without the fast paths of scripts, which must not change the outcome.
    static func redisWithoutFastPaths() async throws -> StoreHarness {
        redis(named: "redis-general", at: try await RedisServer.guarded.guardedAddress, fastPaths: false)
    }

    private static func redis(
        named name: String, at address: String, fastPaths: Bool = true
    ) -> StoreHarness {
        StoreHarness(name: name) { clock, limits in
            var configuration = try RedisConfiguration(address: address)
            configuration.keyPrefix = RedisServer.prefix()
            configuration.minIdleConnections = 1
            configuration.poolSize = 2
            return try await RedisStore(configuration, limits, clock: clock, fastPaths: fastPaths)
        }
    }
}

#endif
