#if MQTT

/// One connection to a broker, as the sink uses it.
final class MQTTClient: Sendable {
    private let mailbox: ClientMailbox
    private let tunnel: WebSocketTunnel?

    /// Connects, over WebSocket if the address says so.
    static func open(_ settings: ClientSettings) async throws -> MQTTClient {
        guard case .webSocket(let path) = settings.configuration.broker.transport else {
            return try await connect(settings, nil)
        }
        let tunnel = try await WebSocketTunnel.open(settings.configuration, path: path)
        do {
            var local = settings
            local.socketFile = tunnel.socketFile
            return try await connect(local, tunnel)
        } catch {
            let reason = tunnel.failure
            await tunnel.close()
            throw reason ?? error
        }
    }

    private static func connect(
        _ settings: ClientSettings, _ tunnel: WebSocketTunnel?
    ) async throws -> MQTTClient {
        let mailbox = try ClientMailbox()
        ClientThread.start(settings, mailbox)
        try await mailbox.opened()
        return MQTTClient(mailbox, tunnel)
    }

    private init(_ mailbox: ClientMailbox, _ tunnel: WebSocketTunnel?) {
        self.mailbox = mailbox
        self.tunnel = tunnel
    }

    deinit {
        mailbox.abort()
    }

    /// Throws why the connection is broken, if it is.
    func check() throws(MQTTError) {
        if let end = mailbox.end { throw tunnel?.failure ?? end }
    }

    /// Why the broker does not let this client speak of its presence, if so.
    var presenceRefusal: String? { mailbox.presenceRefusal }

    /// Returns once the broker has acknowledged, or refused, every message.
    func deliver(_ delivery: Delivery) async throws {
        do {
            try await mailbox.deliver(delivery)
        } catch let error as MQTTError {
            throw tunnel?.failure ?? error
        }
    }

    /// Takes leave of the broker.
    func close() async {
        await mailbox.close()
        await tunnel?.close()
    }
}

#endif
