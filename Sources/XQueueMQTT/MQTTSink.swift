#if MQTT

import Synchronization
public import XQueueCore

/// Pushes every event to an MQTT broker.
///
/// A status goes to `{topic}/{task_id}` and `{topic}/status/{status}`, progress to the topic `progress`
/// beside it. Each connection is a new one to the broker, without a memory of the last: what a failure left
/// unacknowledged is repeated by whoever drains the log, in order, and by nobody else.
public final class MQTTSink: EventSink {
    public let name = "mqtt"
    private let settings: ClientSettings
    private let topics: MQTTTopics
    private let client = Mutex<MQTTClient?>(nil)

    /// - Parameter nodeID: The name of this node; it is added to the client's name, so that nodes do not
    ///   throw each other off the broker.
    /// - Throws: ``MQTTError`` of kind `invalid` if a value of the configuration cannot be used.
    public init(configuration: MQTTConfiguration, nodeID: String) throws(MQTTError) {
        try configuration.check()
        let clientID = "\(configuration.clientID)-\(nodeID)"
        topics = MQTTTopics(topic: configuration.topic, clientID: clientID)
        settings = ClientSettings(
            configuration: configuration, clientID: clientID, presenceTopic: topics.presence, node: nodeID)
    }

    /// Connects to the broker.
    ///
    /// - Throws: ``MQTTError`` if it cannot be reached or refuses.
    public func open() async throws {
        await close()
        let new = try await MQTTClient.open(settings)
        client.withLock { $0 = new }
    }

    /// Publishes what the events say, and returns once the broker has acknowledged it. Without events it
    /// only throws if the connection is broken.
    ///
    /// - Throws: ``MQTTError``.
    public func deliver(_ events: [TaskEvent]) async throws {
        guard let client = client.withLock({ $0 }) else {
            throw MQTTError(.closed, "there is no connection to the broker")
        }
        try client.check()
        guard !events.isEmpty else { return }
        try await client.deliver(MessageBatch(events, topics))
    }

    public func close() async {
        let old = client.withLock { client in
            defer { client = nil }
            return client
        }
        await old?.close()
    }
}

#endif
