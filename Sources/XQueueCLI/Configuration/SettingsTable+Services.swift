import XQueue

/// The settings of what the program connects to.
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

    /// Where the Kafka cluster is; setting `kafka.brokers` keeps tasks there before the store.
    static let kafka: [Setting] = [
        Setting(
            "kafka.brokers", .address(of: "addresses of Kafka brokers"), \.kafka.brokers,
            "The Kafka brokers that keep tasks before the store: localhost:9092, more with commas; empty for none."
        ),
        Setting("kafka.topic", .text, \.kafka.topic, "The topic of the tasks; made if it is missing."),
        Setting("kafka.group_id", .text, \.kafka.groupID, "The group in which the nodes read the topic."),
        Setting(
            "kafka.batch_size", .integer(1...10_000), \.queue.intakeBatch.size,
            "The most tasks that are fed into the store at once."),
        Setting(
            "kafka.batch_timeout", .duration(.milliseconds(10)...Duration.seconds(60)),
            \.queue.intakeBatch.timeout,
            "How long to wait for the first task of a batch, which is fed as soon as no more are waiting."),
        Setting(
            "kafka.partitions", .integer(1...1000), \.kafka.partitions,
            "How many partitions the topic is made with."),
        Setting(
            "kafka.replication", .limit(upTo: 32), \.kafka.replication,
            "How many brokers keep each record of a topic that is made; 0 leaves it to the cluster."),
        Setting(
            "kafka.status_topic", .optionalText, \.kafka.statusTopic,
            "A compacted topic that remembers which tasks have ended, for xqueue replay; empty for none."),
        Setting(
            "kafka.delivery_timeout", .duration(.seconds(1)...Duration.seconds(300)),
            \.kafka.deliveryTimeout,
            "How long Kafka may take to accept a task before the submission fails."),
        Setting(
            "kafka.security.protocol", .choice, \.kafka.transport, "How the brokers are spoken to."),
        Setting(
            "kafka.security.mechanism", .choice, \.kafka.mechanism, "How SASL proves who this is."),
        Setting(
            "kafka.security.username", .optionalText, \.kafka.username, "The user for SASL; empty for none."),
        Setting(
            "kafka.security.password", .secret, \.kafka.password,
            "The password for SASL; best set by variable."),
        Setting(
            "kafka.security.ca_file", .optionalPath, \.kafka.caFile,
            "The certificates to trust, in PEM; empty for the system's."),
        Setting(
            "kafka.security.cert_file", .optionalPath, \.kafka.certificateFile,
            "The certificate to show to the brokers, in PEM; empty for none."),
        Setting(
            "kafka.security.key_file", .optionalPath, \.kafka.keyFile,
            "The private key of that certificate, in PEM."),
        Setting(
            "kafka.properties", .secretList, \.kafka.properties,
            "Further properties of librdkafka, as name=value with semicolons between them; those that promises depend on are refused."
        ),
    ]

    /// Where the MQTT broker is; setting `mqtt.broker` pushes events there.
    static let mqtt: [Setting] = [
        Setting(
            "mqtt.broker", .address(of: "an address of an MQTT broker"), \.mqtt.broker,
            "The MQTT broker to push events to: tcp://localhost:1883, mqtts://, ws:// or wss://; empty for none."
        ),
        Setting(
            "mqtt.client_id", .text, \.mqtt.clientID,
            "The name of the client at the broker; the node's name is added to it."),
        Setting(
            "mqtt.qos", .integer(0...2), \.mqtt.qualityOfService,
            "The quality of service: 0 may lose messages, 1 may repeat some, 2 may repeat them after failures."
        ),
        Setting("mqtt.topic", .text, \.mqtt.topic, "What the topics of tasks start with."),
        Setting("mqtt.username", .optionalText, \.mqtt.username, "The user at the broker; empty for none."),
        Setting(
            "mqtt.password", .secret, \.mqtt.password, "The password at the broker; best set by variable."),
        Setting(
            "mqtt.ca_file", .optionalPath, \.mqtt.caFile,
            "The certificates to trust, in PEM; empty for the system's."),
        Setting(
            "mqtt.cert_file", .optionalPath, \.mqtt.certificateFile,
            "The certificate to show to the broker, in PEM; empty for none."),
        Setting(
            "mqtt.key_file", .optionalPath, \.mqtt.keyFile, "The private key of that certificate, in PEM."),
        Setting(
            "mqtt.retain", .flag, \.mqtt.retains,
            "Have the broker keep the last message of each topic; its memory grows with every task."),
        Setting("mqtt.version", .choice, \.mqtt.version, "The version of the protocol."),
        Setting(
            "mqtt.keep_alive", .duration(.seconds(5)...Duration.seconds(64_800)), \.mqtt.keepAlive,
            "How long the connection to the broker may rest before it is tried."),
    ]

    /// What all webhooks share.
    static let webhooks: [Setting] = [
        Setting(
            "webhooks.allowed_hosts", .hosts, \.webhookHosts,
            "The hosts that handlers of the kind webhook may name; empty for any.")
    ]
}
