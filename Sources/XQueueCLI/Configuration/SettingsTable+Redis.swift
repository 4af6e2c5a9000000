extension SettingsTable {
    /// Where Redis is; setting `redis.addr` or `redis.sentinel.addrs` moves the tasks there.
    static let redis: [Setting] = [
        Setting(
            "redis.addr", .address(of: "an address of Redis"), \.redis.address,
            "The Redis server to keep the tasks in, such as localhost:6379; empty for the file."),
        Setting(
            "redis.username", .optionalText, \.redis.username, "The user at Redis; empty for the default."),
        Setting("redis.password", .secret, \.redis.password, "The password at Redis; best set by variable."),
        Setting("redis.db", .integer(0...1_000_000), \.redis.database, "The number of the Redis database."),
        Setting(
            "redis.pool_size", .integer(1...1_000), \.redis.poolSize,
            "The most connections to Redis at once."),
        Setting(
            "redis.min_idle_conns", .integer(1...1_000), \.redis.minIdleConnections,
            "The connections to Redis that are kept open at all times."),
        Setting(
            "redis.key_prefix", .text, \.redis.keyPrefix,
            "What the names of all keys start with; queues with different ones share a server."),
        Setting(
            "redis.connect_timeout", .duration(.milliseconds(10)...minute), \.redis.connectTimeout,
            "How long a connection to Redis may take, and a call waits for one."),
        Setting(
            "redis.command_timeout", .duration(.milliseconds(10)...minute), \.redis.commandTimeout,
            "How long Redis may take to answer."),
        Setting(
            "redis.startup_timeout", .duration(.zero...(minute * 60)), \.redis.startupTimeout,
            "How long to wait at startup for a Redis that cannot be reached; 0 = exit at once."),
        Setting(
            "redis.tls.enabled", .flag, \.redis.tls.isEnabled,
            "Encrypt connections to Redis; rediss:// in the address does so too."),
        Setting(
            "redis.tls.verify", .flag, \.redis.tls.verifies,
            "Check the certificate of Redis; false is for trials only."),
        Setting(
            "redis.tls.ca_file", .optionalPath, \.redis.tls.caFile,
            "The certificates to trust, in PEM; empty for the system's."),
        Setting(
            "redis.tls.cert_file", .optionalPath, \.redis.tls.certificateFile,
            "The certificate to show to Redis, in PEM; empty for none."),
        Setting(
            "redis.tls.key_file", .optionalPath, \.redis.tls.keyFile,
            "The private key of that certificate, in PEM."),
        Setting(
            "redis.sentinel.addrs", .address(of: "addresses of Sentinels"), \.redis.sentinel.addresses,
            "The Sentinels to ask for the server, separated by commas; empty for none."),
        Setting(
            "redis.sentinel.master", .text, \.redis.sentinel.primaryName,
            "The name by which the Sentinels know the server."),
        Setting(
            "redis.sentinel.username", .optionalText, \.redis.sentinel.username,
            "The user at the Sentinels; empty for the default."),
        Setting(
            "redis.sentinel.password", .secret, \.redis.sentinel.password,
            "The password at the Sentinels; best set by variable."),
    ]

    private static let minute = Duration.seconds(60)
}
