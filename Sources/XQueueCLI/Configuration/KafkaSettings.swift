/// Where the Kafka cluster is, as it is configured. Tasks are kept there before the store once `brokers` is set.
struct KafkaSettings: Sendable {
    /// The words of librdkafka's `security.protocol`.
    enum Transport: String, Sendable, CaseIterable {
        case plaintext
        case tls = "ssl"
        case saslPlaintext = "sasl_plaintext"
        case saslTLS = "sasl_ssl"
    }

    /// The words of librdkafka's `sasl.mechanism`.
    enum Mechanism: String, Sendable, CaseIterable {
        case plain = "PLAIN"
        case scramSHA256 = "SCRAM-SHA-256"
        case scramSHA512 = "SCRAM-SHA-512"
    }

    /// Such as `localhost:9092,other:9092`; nil for no cluster.
    var brokers: String?
    var topic = "task-queue"
    var groupID = "task-consumer"
    var partitions = 6
    /// Nil for what the cluster does by default.
    var replication: Int?
    var statusTopic: String?
    var deliveryTimeout = Duration.seconds(10)
    var transport = Transport.plaintext
    var mechanism = Mechanism.plain
    var username: String?
    var password: String?
    var caFile: String?
    var certificateFile: String?
    var keyFile: String?
    /// Further properties of librdkafka: `name=value`, with semicolons between them.
    var properties: String?
}
