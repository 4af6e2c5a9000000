#if Kafka

public import XQueueCore

/// Where the Kafka cluster is, and how tasks are kept in it.
public struct KafkaConfiguration: Sendable {
    /// How the brokers are spoken to.
    public struct Security: Sendable {
        /// The raw values are the words of `security.protocol`.
        public enum Transport: String, Sendable, Hashable, CaseIterable {
            case plaintext
            case tls = "ssl"
            case saslPlaintext = "sasl_plaintext"
            case saslTLS = "sasl_ssl"
        }

        /// The raw values are the words of `sasl.mechanism`.
        public enum Mechanism: String, Sendable, Hashable, CaseIterable {
            case plain = "PLAIN"
            case scramSHA256 = "SCRAM-SHA-256"
            case scramSHA512 = "SCRAM-SHA-512"
        }

        public var transport = Transport.plaintext
        public var mechanism = Mechanism.plain
        public var username: String?
        public var password: String?
        /// The certificates to trust, in PEM; nil for the system's.
        public var caFile: String?
        /// The certificate to show to the brokers, in PEM, and its private key.
        public var certificateFile: String?
        public var keyFile: String?

        public init() {}
    }

    /// Brokers to begin with, as `host:port`.
    public var brokers: [String]
    /// The topic of the tasks. Messages that cannot be used go to the one with `.dead` added.
    public var topic = "task-queue"
    public var groupID = "task-consumer"
    /// How many partitions the topic is made with if there is none.
    public var partitions = 6
    /// How many brokers keep each record of a topic that is made; nil for what the cluster does by default.
    public var replication: Int?
    /// The compacted topic that remembers which tasks have ended; nil for none.
    public var statusTopic: String?
    public var security = Security()
    /// How long the cluster may take to accept a message, 1 s to 5 min.
    public var deliveryTimeout = Duration.seconds(10)
    /// The longest message, in bytes; the brokers have a limit of their own, 1 MiB if nobody changed it.
    public var maxMessageBytes = (1 << 20) + (64 << 10)
    /// Further properties of librdkafka, which win over everything here. One that undoes a promise is refused.
    public var properties: [String: String] = [:]

    public init(brokers: [String]) {
        self.brokers = brokers
    }

    /// Where messages that cannot be used go.
    public var deadTopic: String { topic + ".dead" }

    /// Throws what is wrong with the values; what only librdkafka knows is found when a client is made.
    public func check() throws(IntakeError) {
        guard !brokers.isEmpty, brokers.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else {
            throw IntakeError(.invalid, "the brokers must be host:port, with commas between them")
        }
        guard !brokers.contains(where: { $0.contains("@") }) else {
            throw IntakeError(
                .invalid,
                "the brokers must not hold a user and a password; there are kafka.security.username and"
                    + " kafka.security.password_file")
        }
        try Self.check(topic: topic, isLong: deadTopic.utf8.count > 249)
        if let statusTopic {
            try Self.check(topic: statusTopic, isLong: statusTopic.utf8.count > 249)
            guard statusTopic != topic, statusTopic != deadTopic else {
                throw IntakeError(.invalid, "the status topic must be another than that of the tasks")
            }
        }
        guard !groupID.isEmpty, groupID.utf8.count <= 255 else {
            throw IntakeError(.invalid, "the group must have 1 to 255 bytes")
        }
        let usesSASL = security.transport == .saslPlaintext || security.transport == .saslTLS
        guard !usesSASL || security.username != nil && security.password != nil else {
            throw IntakeError(.invalid, "SASL needs a user's name and a password")
        }
        guard (security.certificateFile == nil) == (security.keyFile == nil) else {
            throw IntakeError(.invalid, "a client certificate and its private key go together")
        }
        try checkPromises()
    }

    private static func check(topic: String, isLong: Bool) throws(IntakeError) {
        let isLegal = topic.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "._-".utf8.contains(byte)
        }
        guard isLegal, !topic.isEmpty, topic != ".", topic != "..", !isLong else {
            throw IntakeError(
                .invalid, "the name of a topic must be 1 to 249 letters, digits, '.', '_' or '-'")
        }
    }
}

#endif
