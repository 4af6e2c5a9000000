#if MQTT

import Synchronization
public import XQueueCore

/// Publishes every event to an MQTT broker.
///
/// A status change goes to `{topic}/{task_id}` and `{topic}/status/{status}`, progress to the sibling topic
/// `progress`. Each connection starts a clean session: only the drainer of the log resends what a failure left
/// unacknowledged, in order.
public final class MQTTSink: EventSink {
    public let name = "mqtt"
    private let settings: ClientSettings
    private let topics: MQTTTopics
    private let client = Mutex<MQTTClient?>(nil)
    private let memory = Mutex(Memory())

    /// What is known of the broker across connections.
    private struct Memory {
        var rejections = SinkRejections()
        var hasReportedPresence = false
        /// Number of consecutive connections that ended before the broker had accepted anything but this
        /// client's presence. Some brokers acknowledge a message the client may not publish, and then close the
        /// connection.
        var losses = 0
        /// Whether this connection omits presence, to find out whether presence caused the losses.
        var isOnTrial = false
        /// See ``DeliveryPlan/suspectSize``.
        var suspectSize: Int?
    }

    /// Number of such losses after which presence is omitted.
    private static let maxLosses = 2

    /// - Parameter nodeID: This node's name; added to the client ID, so that nodes do not disconnect each
    ///   other.
    /// - Throws: ``MQTTError`` with kind `invalid` if a configuration value is invalid.
    public init(configuration: MQTTConfiguration, nodeID: String) throws(MQTTError) {
        try configuration.check()
        let clientID = "\(configuration.clientID)-\(nodeID)"
        topics = MQTTTopics(topic: configuration.topic, clientID: clientID)
        settings = ClientSettings(
            configuration: configuration, clientID: clientID, presenceTopic: topics.presence, node: nodeID)
    }

    /// Connects to the broker. If the broker does not permit presence messages, or does not support retained
    /// ones, connects without.
    ///
    /// - Throws: ``MQTTError`` if the broker is unreachable or rejects the connection.
    public func open() async throws {
        await close()
        var settings = settings
        var first: MQTTError?
        let isOnTrial = memory.withLock { memory in
            memory.isOnTrial = memory.losses >= Self.maxLosses
            return memory.isOnTrial
        }
        if isOnTrial { settings.presence = .none }
        while true {
            do {
                let new = try await MQTTClient.open(settings)
                client.withLock { $0 = new }
                return reportPresence(rejection: new.presenceRejection ?? first.map { "\($0)" })
            } catch let error as MQTTError {
                guard let next = settings.presence.next(after: error.objection) else { throw first ?? error }
                settings.presence = next
                first = first ?? error
            }
        }
    }

    /// Publishes the events' messages, and returns once the broker has acknowledged them, or those it rejects
    /// are set aside. Without events it only throws if the connection is broken.
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
                    memory.rejections.add(delivery.rejections)
                    memory.suspectSize = delivery.suspectSize
                }
                return noteSuccess()
            } catch let error as MQTTError where error.mayBeOfAMessage {
                let (hasTaken, rejected) = (delivery.hasSettled, delivery.rejections.count)
                let advice = delivery.noteBreak(error)
                // If a message was set aside, it caused the loss, not presence.
                noteEnd(hasTaken: hasTaken || delivery.rejections.count > rejected)
                guard case .proceed(let milliseconds) = advice else { throw error }
                try await Task.sleep(for: .milliseconds(milliseconds))
                // The error that ended the connection says more than the failure to reconnect.
                do { try await open() } catch is MQTTError { throw error }
            }
        }
    }

    public func takeRejections() -> SinkRejections {
        memory.withLock { memory in
            defer { memory.rejections = SinkRejections() }
            return memory.rejections
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
            throw MQTTError(.closed, "not connected to the broker")
        }
        return client
    }

    /// Records that a connection ended. If it omitted presence, something else was the cause, such as a message
    /// sent alone.
    private func noteEnd(hasTaken: Bool) {
        memory.withLock { memory in
            memory.losses = hasTaken || memory.isOnTrial ? 0 : memory.losses + 1
            memory.isOnTrial = false
        }
    }

    /// Records that a batch was delivered. If presence was omitted, presence caused the previous losses.
    private func noteSuccess() {
        let wasOnTrial = memory.withLock { memory in
            defer { (memory.losses, memory.isOnTrial) = (0, false) }
            return memory.isOnTrial
        }
        if wasOnTrial { reportPresence(rejection: "the broker closes the connection after it") }
    }

    /// Reports, once, that the broker does not accept this client's presence messages.
    private func reportPresence(rejection: String?) {
        guard let rejection else { return }
        memory.withLock { memory in
            guard !memory.hasReportedPresence else { return }
            memory.hasReportedPresence = true
            memory.rejections.add(SinkRejection(topic: topics.presence, reason: rejection))
        }
    }
}

#endif
