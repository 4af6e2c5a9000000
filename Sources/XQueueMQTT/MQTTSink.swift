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
    private let memory = Mutex(Memory())

    /// What is known of the broker beyond one connection.
    private struct Memory {
        var refusals = SinkRefusals()
        var hasToldOfPresence = false
        /// How many connections in a row ended before the broker had taken anything but this client's presence. Some
        /// brokers acknowledge what a client must not say, and then close the connection.
        var losses = 0
        /// Presence is left out on trial, since connections with it were lost.
        var isOnTrial = false
        /// See ``DeliveryPlan/suspectSize``.
        var suspectSize: Int?
    }

    /// After how many such losses it is tried without presence.
    private static let mostLosses = 2

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

    /// Connects to the broker. One that does not let this client speak of its presence, or that keeps no messages,
    /// is spoken to without that.
    ///
    /// - Throws: ``MQTTError`` if it cannot be reached or refuses.
    public func open() async throws {
        await close()
        var settings = settings
        var first: MQTTError?
        let isOnTrial = memory.withLock { memory in
            memory.isOnTrial = memory.losses >= Self.mostLosses
            return memory.isOnTrial
        }
        if isOnTrial { settings.presence = .none }
        while true {
            do {
                let new = try await MQTTClient.open(settings)
                client.withLock { $0 = new }
                return tell(ofPresence: new.presenceRefusal ?? first.map { "\($0)" })
            } catch let error as MQTTError {
                guard let next = settings.presence.next(after: error.objection) else { throw first ?? error }
                settings.presence = next
                first = first ?? error
            }
        }
    }

    /// Publishes what the events say, and returns once the broker has acknowledged it, or what it does not take is
    /// put aside. Without events it only throws if the connection is broken.
    ///
    /// - Throws: ``MQTTError``.
    public func deliver(_ events: [TaskEvent]) async throws {
        do {
            try current().check()
        } catch {
            noteEnd(hasTaken: false)
            throw error
        }
        guard !events.isEmpty else { return }
        let delivery = Delivery(
            MessageBatch(events, topics), suspectSize: memory.withLock { $0.suspectSize })
        while true {
            do {
                try await current().deliver(delivery)
                memory.withLock { memory in
                    memory.refusals.add(delivery.refusals)
                    memory.suspectSize = delivery.suspectSize
                }
                return noteSuccess()
            } catch let error as MQTTError where error.mayBeOfAMessage {
                let (hasTaken, refused) = (delivery.hasSettled, delivery.refusals.count)
                let advice = delivery.broke(error)
                // A message that is put aside was the reason, and presence was not.
                noteEnd(hasTaken: hasTaken || delivery.refusals.count > refused)
                guard case .goOn(let milliseconds) = advice else { throw error }
                try await Task.sleep(for: .milliseconds(milliseconds))
                // What ended the connection says more than that there is no other.
                do { try await open() } catch is MQTTError { throw error }
            }
        }
    }

    public func takeRefusals() -> SinkRefusals {
        memory.withLock { memory in
            defer { memory.refusals = SinkRefusals() }
            return memory.refusals
        }
    }

    public func close() async {
        let old = client.withLock { client in
            defer { client = nil }
            return client
        }
        await old?.close()
    }

    private func current() throws(MQTTError) -> MQTTClient {
        guard let client = client.withLock({ $0 }) else {
            throw MQTTError(.closed, "there is no connection to the broker")
        }
        return client
    }

    /// A connection has ended. If it was without presence, something else is the reason, such as a message that
    /// travelled alone.
    private func noteEnd(hasTaken: Bool) {
        memory.withLock { memory in
            memory.losses = hasTaken || memory.isOnTrial ? 0 : memory.losses + 1
            memory.isOnTrial = false
        }
    }

    /// A batch was delivered. If that was without presence, presence was the reason for the losses before.
    private func noteSuccess() {
        let wasOnTrial = memory.withLock { memory in
            defer { (memory.losses, memory.isOnTrial) = (0, false) }
            return memory.isOnTrial
        }
        if wasOnTrial { tell(ofPresence: "the broker ends the connection after it") }
    }

    /// Has it told, once, that the broker does not take this client's presence as it is meant.
    private func tell(ofPresence refusal: String?) {
        guard let refusal else { return }
        memory.withLock { memory in
            guard !memory.hasToldOfPresence else { return }
            memory.hasToldOfPresence = true
            memory.refusals.add(SinkRefusal(topic: topics.presence, reason: refusal))
        }
    }
}

#endif
