#if Redis

import XQueueCore
import XQueueRedis
import XQueueTestServers
import XQueueTesting

extension StoreHarness {
    /// Stores on one shared server, each under a prefix of its own.
    static func redis() async throws -> StoreHarness {
        let server = try await RedisServer.shared
        return StoreHarness(name: "redis") { clock, limits in
            var configuration = try RedisConfiguration(address: server.address)
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
