#if MQTT

/// How events are pushed to an MQTT broker.
public struct MQTTConfiguration: Sendable {
    /// Delivery guarantee of the protocol.
    public enum QualityOfService: Int, Sendable, Hashable, CaseIterable {
        /// Messages are sent without acknowledgement: a broken connection loses some.
        case atMostOnce = 0
        /// The broker acknowledges each message; after a failure some may be duplicated.
        case atLeastOnce = 1
        /// As above, and nothing is duplicated within a connection; a new connection may still resend.
        case exactlyOnce = 2
    }

    /// The protocol's version.
    public enum Version: String, Sendable, Hashable, CaseIterable {
        case v3 = "3.1.1"
        case v5 = "5"
    }

    public var broker: MQTTBroker
    /// The client ID, to which the node's name is added.
    public var clientID = "task-queue-notifier"
    public var qualityOfService = QualityOfService.atLeastOnce
    /// Prefix of the tasks' topics.
    public var topic = "task/status"
    public var username: String?
    public var password: String?
    /// Trusted certificates, as a PEM file; nil for the system's. Requires TLS, as do the next two.
    public var caFile: String?
    /// The client certificate, as a PEM file.
    public var certificateFile: String?
    /// That certificate's private key, as a PEM file without a passphrase.
    public var keyFile: String?
    /// Whether messages are retained: the broker keeps the last one of each topic for later subscribers. Every
    /// task has a topic, so the broker's memory use grows with the number of tasks.
    public var retains = false
    public var version = Version.v3
    /// How long the connection may be idle before it is pinged, 5 s to 18 h.
    public var keepAlive = Duration.seconds(60)
    /// Maximum time for the broker to answer during connection setup, and then to acknowledge the next message.
    public var answerTimeout = Duration.seconds(30)

    public init(broker: MQTTBroker) {
        self.broker = broker
    }

    /// Validates the values; files are checked when they are used.
    public func check() throws(MQTTError) {
        guard !topic.isEmpty, topic.utf8.count <= 1024 else {
            throw MQTTError(.invalid, "the topic must be 1 to 1024 bytes long")
        }
        guard !topic.contains(where: { "+#\0".contains($0) }), topic.first != "$" else {
            throw MQTTError(.invalid, "the topic must not contain '+' or '#' or start with '$'")
        }
        guard topic.first != "/", topic.last != "/" else {
            throw MQTTError(.invalid, "the topic must not start or end with '/'")
        }
        guard 1...256 ~= clientID.utf8.count, !clientID.contains("\0") else {
            throw MQTTError(.invalid, "the client ID must be 1 to 256 bytes long")
        }
        guard password == nil || username != nil else {
            throw MQTTError(.invalid, "a password requires a user name")
        }
        guard (certificateFile == nil) == (keyFile == nil) else {
            throw MQTTError(.invalid, "a client certificate and its private key must be set together")
        }
        guard broker.usesTLS || (caFile ?? certificateFile ?? keyFile) == nil else {
            throw MQTTError(.invalid, "certificates require an mqtts:// or wss:// address")
        }
        guard .seconds(5)...Duration.seconds(64_800) ~= keepAlive else {
            throw MQTTError(.invalid, "the keep-alive interval must be between 5s and 18h")
        }
    }
}

#endif
