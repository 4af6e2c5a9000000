import XQueue

extension SettingsTable {
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
}
