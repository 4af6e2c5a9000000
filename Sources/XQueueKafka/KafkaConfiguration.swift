#if Kafka

import CRdKafka
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

extension KafkaConfiguration {
    /// A property of librdkafka that a promise depends on.
    private struct Promise {
        /// The values with which it holds; empty if the property is not to be set at all.
        let values: Set<String>
        let reason: String

        init(_ values: Set<String>, _ reason: String) {
            self.values = values
            self.reason = reason
        }

        init(_ reason: String) {
            self.init([], reason)
        }
    }

    private static let yes: Set = ["true", "t", "1"]
    private static let no: Set = ["false", "f", "0"]

    private static let promises: [String: Promise] = {
        let acks = Promise(["all", "-1"], "a task is accepted once all replicas in sync have it")
        let byHand = Promise(no, "records are committed once the store has their tasks, and not before")
        let timeout = Promise("set kafka.delivery_timeout, which submissions wait for")
        let reset = Promise("a group that has read nothing begins at the oldest record, or it loses tasks")
        let store = Promise(["broker"], "where the group has read to is known to the cluster, for all nodes")
        let events = Promise("what librdkafka tells would get lost on its way to XQueue")
        return [
            "acks": acks, "request.required.acks": acks,
            "enable.idempotence": Promise(
                yes, "without it a message that is sent again may be there twice, and out of order"),
            "enable.auto.commit": byHand, "auto.commit.enable": byHand, "enable.auto.offset.store": byHand,
            "offset.store.method": store,
            "message.timeout.ms": timeout, "delivery.timeout.ms": timeout,
            "auto.offset.reset": reset,
            "isolation.level": Promise(
                ["read_committed"], "tasks of a transaction that was aborted would run"),
            "transactional.id": Promise("nobody would commit the transactions, and no task be read"),
            "delivery.report.only.error": Promise(no, "no submission would ever be answered"),
            "enable.partition.eof": Promise("a replay must see where a partition ends"),
            "allow.auto.create.topics": Promise(
                no, "XQueue makes the topics itself, with the settings that tasks need"),
            "test.mock.num.brokers": Promise(
                ["0"], "tasks would be kept in this process's memory and not in a cluster"),
            "enabled_events": events, "log.queue": Promise(no, events.reason),
        ]
    }()

    /// Throws if a further property undoes what XQueue promises, and says why it would.
    func checkPromises() throws(IntakeError) {
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            guard let promise = Self.promises[name], !promise.values.contains(value.lowercased()) else {
                continue
            }
            let what = promise.values.isEmpty ? name : "\(name)=\(value)"
            throw IntakeError(.invalid, "the property \(what) cannot be used: \(promise.reason)")
        }
    }

    /// Keeps a client that reads from what ends the process; see `FetchGate`. With TLS that cannot be done.
    func guardFetches(in conf: OpaquePointer) {
        #if os(Linux)
        let transport = properties["security.protocol"] ?? security.transport.rawValue
        if !transport.lowercased().hasSuffix("ssl") { FetchGate.install(in: conf) }
        #endif
    }
}

#endif
