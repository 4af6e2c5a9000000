import Logging
import XQueueCore

#if Redis
import XQueueRedis
#endif

/// Configuration of Redis. Setting `address` or Sentinels selects it as the store.
struct RedisSettings: Sendable {
    /// Such as `localhost:6379` or `rediss://user:password@host:6379/0`; nil = none.
    var address: String?
    var username: String?
    var password: String?
    var database = 0
    var poolSize = 10
    var minIdleConnections = 2
    var keyPrefix = "xqueue"
    var connectTimeout = Duration.seconds(5)
    var commandTimeout = Duration.seconds(10)
    var startupTimeout = Duration.seconds(60)
    var tls = RedisTLSSettings()
    var sentinel = RedisSentinelSettings()

    /// Whether Redis is the store.
    var isUsed: Bool { address != nil || sentinel.addresses != nil }
}

/// TLS of connections to Redis.
struct RedisTLSSettings: Sendable {
    var isEnabled = false
    var verifies = true
    var caFile: String?
    var certificateFile: String?
    var keyFile: String?
}

/// The Sentinels that know the primary.
struct RedisSentinelSettings: Sendable {
    /// Comma-separated; nil = none.
    var addresses: String?
    var primaryName = "mymaster"
    var username: String?
    var password: String?
}

extension RedisSettings {
    /// Returns the factory of the Redis store; nil if Redis is not the store.
    ///
    /// - Parameter logger: The store's logger.
    /// - Throws: ``ConfigurationError`` for an unusable value, or if the program was built without Redis.
    func factory(_ logger: Logger) throws(ConfigurationError) -> (any StoreFactory)? {
        #if Redis
        return try clientConfiguration().map { RedisStoreFactory($0, logger: logger) }
        #else
        guard isUsed else { return nil }
        throw ConfigurationError(
            .configuration, ["redis.addr: this program was built without Redis (package trait Redis)"])
        #endif
    }
}

#if Redis

extension RedisSettings {
    /// Returns the configuration of the Redis client; nil if Redis is not the store.
    ///
    /// - Throws: ``ConfigurationError`` for an unusable value; no message repeats a password.
    func clientConfiguration() throws(ConfigurationError) -> RedisConfiguration? {
        guard isUsed else { return nil }
        do {
            return try makeConfiguration()
        } catch {
            throw ConfigurationError(.configuration, ["redis: \(error.message)"])
        }
    }

    private func makeConfiguration() throws(RedisError) -> RedisConfiguration {
        guard minIdleConnections <= poolSize else {
            throw RedisError(.unsuitable, "redis.min_idle_conns must not exceed redis.pool_size")
        }
        var configuration = try RedisConfiguration(address: address ?? "localhost:6379")
        // Separate settings override the address.
        if let username { configuration.username = username }
        if let password { configuration.password = password }
        if database != 0 { configuration.database = database }
        configuration.poolSize = poolSize
        configuration.minIdleConnections = minIdleConnections
        configuration.keyPrefix = keyPrefix
        configuration.connectTimeout = connectTimeout
        configuration.commandTimeout = commandTimeout
        if tls.isEnabled || configuration.tls != nil {
            var options = RedisConfiguration.TLS()
            options.verifies = tls.verifies
            options.caFile = tls.caFile
            options.certificateFile = tls.certificateFile
            options.privateKeyFile = tls.keyFile
            configuration.tls = options
        }
        configuration.sentinel = try makeSentinel()
        return configuration
    }

    private func makeSentinel() throws(RedisError) -> RedisConfiguration.Sentinel? {
        guard let list = sentinel.addresses else { return nil }
        var addresses: [RedisAddress] = []
        for part in list.split(separator: ",") {
            let text = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            addresses.append(try RedisAddress(text, defaultPort: 26_379))
        }
        guard !addresses.isEmpty else {
            throw RedisError(.unsuitable, "redis.sentinel.addrs names no Sentinel")
        }
        var made = RedisConfiguration.Sentinel(addresses: addresses, primaryName: sentinel.primaryName)
        made.username = sentinel.username
        made.password = sentinel.password
        return made
    }
}

#endif
