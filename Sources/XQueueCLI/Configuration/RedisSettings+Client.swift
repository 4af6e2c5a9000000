#if Redis

import XQueueRedis

extension RedisSettings {
    /// What the client is to be told; nil if the tasks are not kept in Redis.
    ///
    /// - Throws: ``ConfigurationError`` with what is wrong; it repeats no password.
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
            throw RedisError(.unfit, "redis.min_idle_conns must not be more than redis.pool_size")
        }
        var configuration = try RedisConfiguration(address: address ?? "localhost:6379")
        // What is set by itself is over what stands in the address.
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
        guard !addresses.isEmpty else { throw RedisError(.unfit, "redis.sentinel.addrs names no Sentinel") }
        var made = RedisConfiguration.Sentinel(addresses: addresses, primaryName: sentinel.primaryName)
        made.username = sentinel.username
        made.password = sentinel.password
        return made
    }
}

#endif
