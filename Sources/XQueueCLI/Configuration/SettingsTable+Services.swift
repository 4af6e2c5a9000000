import XQueue

/// The settings of the services that the program connects to.
extension SettingsTable {
    /// The connection to Redis; setting `redis.addr` or `redis.sentinel.addrs` selects Redis as the store.
    static let redis: [Setting] = [
        Setting(
            "redis.addr", .address(of: "an address of Redis"), \.redis.address,
            "Redis server that stores the tasks, such as localhost:6379; empty = the file store.path."),
        Setting(
            "redis.username", .optionalText, \.redis.username, "Redis user; empty = the default user."),
        Setting("redis.password", .secret, \.redis.password, "Redis password; best set by variable."),
        Setting("redis.db", .integer(0...1_000_000), \.redis.database, "Number of the Redis database."),
        Setting(
            "redis.pool_size", .integer(1...1_000), \.redis.poolSize,
            "Maximum number of connections to Redis."),
        Setting(
            "redis.min_idle_conns", .integer(1...1_000), \.redis.minIdleConnections,
            "Number of connections to Redis kept open at all times."),
        Setting(
            "redis.key_prefix", .text, \.redis.keyPrefix,
            "Prefix of all keys; queues with different prefixes can share a server."),
        Setting(
            "redis.connect_timeout", .duration(.milliseconds(10)...minute), \.redis.connectTimeout,
            "How long connecting to Redis may take, and how long a call waits for a connection."),
        Setting(
            "redis.command_timeout", .duration(.milliseconds(10)...minute), \.redis.commandTimeout,
            "How long Redis may take to reply."),
        Setting(
            "redis.startup_timeout", .duration(.zero...(minute * 60)), \.redis.startupTimeout,
            "How long to wait at startup for an unreachable Redis; 0 = exit immediately."),
        Setting(
            "redis.tls.enabled", .flag, \.redis.tls.isEnabled,
            "Encrypt connections to Redis; implied by a rediss:// address."),
        Setting(
            "redis.tls.verify", .flag, \.redis.tls.verifies,
            "Verify the certificate of Redis; false is for tests only."),
        Setting(
            "redis.tls.ca_file", .optionalPath, \.redis.tls.caFile,
            "Trusted certificates, in PEM; empty = the system's."),
        Setting(
            "redis.tls.cert_file", .optionalPath, \.redis.tls.certificateFile,
            "Client certificate for Redis, in PEM; empty = none."),
        Setting(
            "redis.tls.key_file", .optionalPath, \.redis.tls.keyFile,
            "Private key of that certificate, in PEM."),
        Setting(
            "redis.sentinel.addrs", .address(of: "addresses of Sentinels"), \.redis.sentinel.addresses,
            "Sentinels to ask for the primary, comma-separated; empty = none."),
        Setting(
            "redis.sentinel.master", .text, \.redis.sentinel.primaryName,
            "Name of the primary in the Sentinels' configuration."),
        Setting(
            "redis.sentinel.username", .optionalText, \.redis.sentinel.username,
            "Sentinel user; empty = the default user."),
        Setting(
            "redis.sentinel.password", .secret, \.redis.sentinel.password,
            "Sentinel password; best set by variable."),
    ]

    private static let minute = Duration.seconds(60)

    /// The connection to Kafka; setting `kafka.brokers` puts it in front of the store as a durable log.
    static let kafka: [Setting] = [
        Setting(
            "kafka.brokers", .address(of: "addresses of Kafka brokers"), \.kafka.brokers,
            "Kafka brokers that log tasks in front of the store, such as localhost:9092, comma-separated; empty = none."
        ),
        Setting("kafka.topic", .text, \.kafka.topic, "Topic for tasks; created if missing."),
        Setting("kafka.group_id", .text, \.kafka.groupID, "Consumer group of the nodes."),
        Setting(
            "kafka.batch_size", .integer(1...10_000), \.queue.intakeBatch.size,
            "Maximum number of tasks moved into the store in one batch."),
        Setting(
            "kafka.batch_timeout", .duration(.milliseconds(10)...Duration.seconds(60)),
            \.queue.intakeBatch.timeout,
            "How long to wait for the first task of a batch; it is stored as soon as no more are waiting."),
        Setting(
            "kafka.partitions", .integer(1...1000), \.kafka.partitions,
            "Number of partitions of a newly created topic."),
        Setting(
            "kafka.replication", .limit(upTo: 32), \.kafka.replication,
            "Replication factor of a newly created topic; 0 = the cluster's default."),
        Setting(
            "kafka.status_topic", .optionalText, \.kafka.statusTopic,
            "Compacted topic that records which tasks have ended, for xqueue replay; empty = none."),
        Setting(
            "kafka.delivery_timeout", .duration(.seconds(1)...Duration.seconds(300)),
            \.kafka.deliveryTimeout,
            "How long Kafka may take to accept a task before the submission fails."),
        Setting(
            "kafka.security.protocol", .choice, \.kafka.transport,
            "Security protocol of connections to the brokers."),
        Setting(
            "kafka.security.mechanism", .choice, \.kafka.mechanism, "SASL mechanism."),
        Setting(
            "kafka.security.username", .optionalText, \.kafka.username, "SASL user; empty = none."),
        Setting(
            "kafka.security.password", .secret, \.kafka.password,
            "SASL password; best set by variable."),
        Setting(
            "kafka.security.ca_file", .optionalPath, \.kafka.caFile,
            "Trusted certificates, in PEM; empty = the system's."),
        Setting(
            "kafka.security.cert_file", .optionalPath, \.kafka.certificateFile,
            "Client certificate for the brokers, in PEM; empty = none."),
        Setting(
            "kafka.security.key_file", .optionalPath, \.kafka.keyFile,
            "Private key of that certificate, in PEM."),
        Setting(
            "kafka.properties", .secretList, \.kafka.properties,
            "Further librdkafka properties, as name=value, separated by semicolons; those that delivery guarantees depend on are rejected."
        ),
    ]

    /// The connection to the MQTT broker; setting `mqtt.broker` pushes events there.
    static let mqtt: [Setting] = [
        Setting(
            "mqtt.broker", .address(of: "an address of an MQTT broker"), \.mqtt.broker,
            "MQTT broker to push events to (tcp://localhost:1883, mqtts://, ws:// or wss://); empty = none."
        ),
        Setting(
            "mqtt.client_id", .text, \.mqtt.clientID,
            "Client identifier at the broker; the node's name is appended."),
        Setting(
            "mqtt.qos", .integer(0...2), \.mqtt.qualityOfService,
            "Quality of service: 0 may lose messages, 1 may repeat some, 2 may repeat some after failures only."
        ),
        Setting("mqtt.topic", .text, \.mqtt.topic, "Prefix of the tasks' topics."),
        Setting("mqtt.username", .optionalText, \.mqtt.username, "User at the broker; empty = none."),
        Setting(
            "mqtt.password", .secret, \.mqtt.password, "Password at the broker; best set by variable."),
        Setting(
            "mqtt.ca_file", .optionalPath, \.mqtt.caFile,
            "Trusted certificates, in PEM; empty = the system's."),
        Setting(
            "mqtt.cert_file", .optionalPath, \.mqtt.certificateFile,
            "Client certificate for the broker, in PEM; empty = none."),
        Setting(
            "mqtt.key_file", .optionalPath, \.mqtt.keyFile, "Private key of that certificate, in PEM."),
        Setting(
            "mqtt.retain", .flag, \.mqtt.retains,
            "Have the broker retain the last message of each topic; its memory grows with every task."),
        Setting("mqtt.version", .choice, \.mqtt.version, "Protocol version."),
        Setting(
            "mqtt.keep_alive", .duration(.seconds(5)...Duration.seconds(64_800)), \.mqtt.keepAlive,
            "How long the connection to the broker may stay idle before it is pinged."),
    ]

    /// Settings common to all webhooks.
    static let webhooks: [Setting] = [
        Setting(
            "webhooks.allowed_hosts", .hosts, \.webhookHosts,
            "Hosts that webhook handlers may call; empty = any.")
    ]
}
