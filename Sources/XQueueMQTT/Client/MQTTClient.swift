#if MQTT

/// One connection to a broker, as the sink uses it.
final class MQTTClient: Sendable {
    private let mailbox: ClientMailbox
    private let tunnel: BrokerTunnel

    /// Connects, and returns once the broker has accepted.
    ///
    /// - Parameter settings: Where the broker is, and what it is to be told.
    /// - Throws: ``MQTTError``; `CancellationError` at once if the task is canceled.
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

    /// Throws why the connection is broken, if it is.
    func check() throws(MQTTError) {
        if let end = mailbox.end { throw end }
    }

    /// Why the broker does not let this client speak of its presence, if so.
    var presenceRefusal: String? { mailbox.presenceRefusal }

    /// Returns once the broker has acknowledged, or refused, every message.
    func deliver(_ delivery: Delivery) async throws {
        try await mailbox.deliver(delivery)
    }

    /// Takes leave of the broker.
    func close() async {
        await mailbox.close()
        await tunnel.close()
    }
}

#endif
