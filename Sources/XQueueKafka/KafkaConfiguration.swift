#if Kafka

import CRdKafka
public import XQueueCore

/// How to connect to Kafka, and how tasks are stored there.
public struct KafkaConfiguration: Sendable {
    /// Transport security and authentication.
    public struct Security: Sendable {
        /// The raw values are those of `security.protocol`.
        public enum Transport: String, Sendable, Hashable, CaseIterable {
            case plaintext
            case tls = "ssl"
            case saslPlaintext = "sasl_plaintext"
            case saslTLS = "sasl_ssl"
        }

        /// The raw values are those of `sasl.mechanism`.
        public enum Mechanism: String, Sendable, Hashable, CaseIterable {
            case plain = "PLAIN"
            case scramSHA256 = "SCRAM-SHA-256"
            case scramSHA512 = "SCRAM-SHA-512"
        }

        public var transport = Transport.plaintext
        public var mechanism = Mechanism.plain
        public var username: String?
        public var password: String?
        /// Trusted certificates, as a PEM file; nil for the system's.
        public var caFile: String?
        /// The client certificate and its private key, as PEM files.
        public var certificateFile: String?
        public var keyFile: String?

        public init() {}
    }

    /// Bootstrap brokers, as `host:port`.
    public var brokers: [String]
    /// The topic for tasks. Unusable messages go to the topic of that name plus `.dead`.
    public var topic = "task-queue"
    public var groupID = "task-consumer"
    /// Number of partitions for the topic if it has to be created.
    public var partitions = 6
    /// Replication factor of created topics; nil for the cluster's default.
    public var replication: Int?
    /// The compacted topic that records ended tasks; nil for none.
    public var statusTopic: String?
    public var security = Security()
    /// Maximum time for the cluster to accept a message, 1 s to 5 min.
    public var deliveryTimeout = Duration.seconds(10)
    /// Maximum message size, in bytes; brokers have their own limit, 1 MiB by default.
    public var maxMessageBytes = (1 << 20) + (64 << 10)
    /// Further librdkafka properties, which override everything here. One that would break a guarantee is
    /// rejected.
    public var properties: [String: String] = [:]

    public init(brokers: [String]) {
        self.brokers = brokers
    }

    /// The topic for unusable messages.
    public var deadTopic: String { topic + ".dead" }

    /// Validates the values; librdkafka's own checks run when a client is created.
    public func check() throws(IntakeError) {
        guard !brokers.isEmpty, brokers.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else {
            throw IntakeError(.invalid, "the brokers must be host:port, separated by commas")
        }
        guard !brokers.contains(where: { $0.contains("@") }) else {
            throw IntakeError(
                .invalid,
                "the brokers must not contain a user name or password; use kafka.security.username and"
                    + " kafka.security.password_file")
        }
        try Self.check(topic: topic, isLong: deadTopic.utf8.count > 249)
        if let statusTopic {
            try Self.check(topic: statusTopic, isLong: statusTopic.utf8.count > 249)
            guard statusTopic != topic, statusTopic != deadTopic else {
                throw IntakeError(
                    .invalid, "the status topic must differ from the task topic and its '.dead' topic")
            }
        }
        guard !groupID.isEmpty, groupID.utf8.count <= 255 else {
            throw IntakeError(.invalid, "the group must be 1 to 255 bytes long")
        }
        let usesSASL = security.transport == .saslPlaintext || security.transport == .saslTLS
        guard !usesSASL || security.username != nil && security.password != nil else {
            throw IntakeError(.invalid, "SASL requires a user name and a password")
        }
        guard (security.certificateFile == nil) == (security.keyFile == nil) else {
            throw IntakeError(.invalid, "a client certificate and its private key must be set together")
        }
        try checkGuarantees()
    }

    private static func check(topic: String, isLong: Bool) throws(IntakeError) {
        let isLegal = topic.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "._-".utf8.contains(byte)
        }
        guard isLegal, !topic.isEmpty, topic != ".", topic != "..", !isLong else {
            throw IntakeError(
                .invalid, "a topic name must be 1 to 249 letters, digits, '.', '_' or '-'")
        }
    }
}

extension KafkaConfiguration {
    /// A librdkafka property that a guarantee depends on.
    private struct Guarantee {
        /// The values that preserve it; empty if the property must not be set at all.
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

    private static let guarantees: [String: Guarantee] = {
        let acks = Guarantee(["all", "-1"], "a task is accepted once all in-sync replicas have it")
        let byHand = Guarantee(no, "records must not be committed before the store has their tasks")
        let timeout = Guarantee("set kafka.delivery_timeout instead, which submissions wait for")
        let reset = Guarantee("a new group must start at the oldest record, or tasks are lost")
        let store = Guarantee(["broker"], "offsets must be stored in the cluster, for all nodes")
        let events = Guarantee("librdkafka's events would not reach XQueue")
        return [
            "acks": acks, "request.required.acks": acks,
            "enable.idempotence": Guarantee(
                yes, "without it a resent message may be duplicated or out of order"),
            "enable.auto.commit": byHand, "auto.commit.enable": byHand, "enable.auto.offset.store": byHand,
            "offset.store.method": store,
            "message.timeout.ms": timeout, "delivery.timeout.ms": timeout,
            "auto.offset.reset": reset,
            "isolation.level": Guarantee(
                ["read_committed"], "tasks of aborted transactions would run"),
            "transactional.id": Guarantee("transactions would never be committed, and no task would be read"),
            "delivery.report.only.error": Guarantee(no, "submissions would never be answered"),
            "enable.partition.eof": Guarantee("a replay must see where a partition ends"),
            "allow.auto.create.topics": Guarantee(
                no, "XQueue creates the topics itself, with the settings that tasks need"),
            "test.mock.num.brokers": Guarantee(
                ["0"], "tasks would be kept in this process's memory, not in a cluster"),
            "enabled_events": events, "log.queue": Guarantee(no, events.reason),
        ]
    }()

    /// Throws if a further property would break one of XQueue's guarantees, with the reason.
    func checkGuarantees() throws(IntakeError) {
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            guard let guarantee = Self.guarantees[name], !guarantee.values.contains(value.lowercased()) else {
                continue
            }
            let what = guarantee.values.isEmpty ? name : "\(name)=\(value)"
            throw IntakeError(.invalid, "the property \(what) cannot be used: \(guarantee.reason)")
        }
    }

    /// Protects a consumer from fetch responses that crash the process; see `FetchGate`. Not possible with TLS.
    func guardFetches(in conf: OpaquePointer) {
        #if os(Linux)
        let transport = properties["security.protocol"] ?? security.transport.rawValue
        if !transport.lowercased().hasSuffix("ssl") { FetchGate.install(in: conf) }
        #endif
    }
}

#endif
