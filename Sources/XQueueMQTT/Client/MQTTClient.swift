#if MQTT

/// A broker connection, as used by the sink.
final class MQTTClient: Sendable {
    private let mailbox: ClientMailbox
    private let tunnel: BrokerTunnel

    /// Connects, and returns once the broker has accepted the connection.
    ///
    /// - Parameter settings: The connection's settings.
    /// - Throws: ``MQTTError``; `CancellationError` immediately if the task is canceled.
    static func open(_ settings: ClientSettings) async throws -> MQTTClient {
        let tunnel = try await BrokerTunnel.open(settings.configuration)
        do {
            let mailbox = try ClientMailbox()
            ClientThread.start(settings, tunnel, mailbox)
            try await mailbox.opened()
            return MQTTClient(mailbox, tunnel)
        } catch {
            tunnel.abort()
            throw error
        }
    }

    private init(_ mailbox: ClientMailbox, _ tunnel: BrokerTunnel) {
        self.mailbox = mailbox
        self.tunnel = tunnel
    }

    deinit {
        mailbox.abort()
    }

    /// Throws the error that broke the connection, if any.
    func check() throws(MQTTError) {
        if let end = mailbox.end { throw end }
    }

    /// Why the broker rejected this client's presence message, if it did.
    var presenceRejection: String? { mailbox.presenceRejection }

    /// Returns once the broker has accepted or rejected every message.
    func deliver(_ delivery: Delivery) async throws {
        try await mailbox.deliver(delivery)
    }

    /// Disconnects cleanly from the broker.
    func close() async {
        await mailbox.close()
        await tunnel.close()
    }
}

#endif
