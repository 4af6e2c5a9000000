#if MQTT

/// How events are pushed to an MQTT broker.
public struct MQTTConfiguration: Sendable {
    /// How hard the broker is to be tried.
    public enum QualityOfService: Int, Sendable, Hashable, CaseIterable {
        /// Messages are sent and forgotten: a broken connection loses some.
        case atMostOnce = 0
        /// The broker acknowledges each message; after a failure some come twice.
        case atLeastOnce = 1
        /// As before, and the connection itself repeats none; a new connection still may.
        case exactlyOnce = 2
    }

    /// The version of the protocol.
    public enum Version: String, Sendable, Hashable, CaseIterable {
        case v3 = "3.1.1"
        case v5 = "5"
    }

    public var broker: MQTTBroker
    /// What the client is called at the broker, before the node's name is added.
    public var clientID = "task-queue-notifier"
    public var qualityOfService = QualityOfService.atLeastOnce
    /// What the topics of tasks start with.
    public var topic = "task/status"
    public var username: String?
    public var password: String?
    /// The certificates to trust, in PEM; nil for the system's. Only with TLS, as the next two.
    public var caFile: String?
    /// The certificate to show to the broker, in PEM.
    public var certificateFile: String?
    /// The private key of that certificate, in PEM, without a passphrase.
    public var keyFile: String?
    /// Whether the broker keeps the last message of each topic for later subscribers. There is a topic for
    /// every task, so its memory grows with them.
    public var retains = false
    public var version = Version.v3
    /// How long the connection may rest before it is tried, 5 s to 18 h.
    public var keepAlive = Duration.seconds(60)
    /// How long the broker may take to answer when a connection is made, and then until it acknowledges
    /// the next message.
    public var answerTimeout = Duration.seconds(30)

    public init(broker: MQTTBroker) {
        self.broker = broker
    }

    /// Throws what is wrong with the values; files are looked at when they are used.
    public func check() throws(MQTTError) {
        guard !topic.isEmpty, topic.utf8.count <= 1024 else {
            throw MQTTError(.invalid, "the topic must have 1 to 1024 bytes")
        }
        guard !topic.contains(where: { "+#\0".contains($0) }), topic.first != "$" else {
            throw MQTTError(.invalid, "the topic must not hold '+' or '#' nor start with '$'")
        }
        guard topic.first != "/", topic.last != "/" else {
            throw MQTTError(.invalid, "the topic must not start or end with '/'")
        }
        guard 1...256 ~= clientID.utf8.count, !clientID.contains("\0") else {
            throw MQTTError(.invalid, "the client's name must have 1 to 256 bytes")
        }
        guard password == nil || username != nil else {
            throw MQTTError(.invalid, "a password needs a user's name too")
        }
        guard (certificateFile == nil) == (keyFile == nil) else {
            throw MQTTError(.invalid, "a client certificate and its private key go together")
        }
        guard broker.usesTLS || (caFile ?? certificateFile ?? keyFile) == nil else {
            throw MQTTError(.invalid, "certificates need an address that starts with mqtts:// or wss://")
        }
        guard .seconds(5)...Duration.seconds(64_800) ~= keepAlive else {
            throw MQTTError(.invalid, "the time to keep the connection alive must be 5s to 18h")
        }
    }
}

#endif
