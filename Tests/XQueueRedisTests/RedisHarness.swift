#if Redis

import XQueueCore
import XQueueRedis
import XQueueTestServers
import XQueueTesting

extension StoreHarness {
    /// Stores on one shared server, each under a prefix of its own, with the rights that the documents give.
    static func redis() async throws -> StoreHarness {
        redis(named: "redis", at: try await RedisServer.guarded.guardedAddress)
    }

    /// Stores in one shared Redis Cluster; most are on another server than the one that is named.
    static func redisCluster() async throws -> StoreHarness {
        redis(named: "redis-cluster", at: try await RedisClusterServers.shared.first.address)
    }

    private static func redis(named name: String, at address: String) -> StoreHarness {
        StoreHarness(name: name) { clock, limits in
            var configuration = try RedisConfiguration(address: address)
            configuration.keyPrefix = RedisServer.prefix()
            configuration.minIdleConnections = 1
            configuration.poolSize = 2
            var options = RedisStoreOptions()
            options.maxBacklog = limits.maxBacklog
            options.maxTypes = limits.maxTypes
            options.events = limits.events
            return try await RedisStore(configuration: configuration, options: options, clock: clock)
        }
    }
}

#endif
