/// Where Redis is, as it is configured. The queue is kept there once `address` or Sentinels are set.
struct RedisSettings: Sendable {
    /// Such as `localhost:6379` or `rediss://user:password@host:6379/0`; nil for no Redis.
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

    /// Whether the tasks are kept in Redis.
    var isUsed: Bool { address != nil || sentinel.addresses != nil }
}

/// How connections to Redis are encrypted.
struct RedisTLSSettings: Sendable {
    var isEnabled = false
    var verifies = true
    var caFile: String?
    var certificateFile: String?
    var keyFile: String?
}

/// The Sentinels to ask for the primary.
struct RedisSentinelSettings: Sendable {
    /// Separated by commas; nil for none.
    var addresses: String?
    var primaryName = "mymaster"
    var username: String?
    var password: String?
}
