#if MQTT

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Connects to a broker over TCP or WebSocket, with TLS if its address says so.
struct BrokerConnector: Sendable {
    let configuration: MQTTConfiguration
    let state: TunnelState

    /// Opens a channel that accepts protocol bytes, and yields those that pass a ``FrameGate``.
    ///
    /// - Parameter loop: The channel's event loop.
    /// - Throws: ``MQTTError``; `CancellationError` immediately if the task is canceled.
    func connect(on loop: any EventLoop) async throws -> any Channel {
        let broker = configuration.broker
        let tls = try broker.usesTLS ? makeTLS() : nil
        let limit = TimeAmount(configuration.answerTimeout)
        let attempt = ConnectAttempt(on: loop)
        let timer = loop.scheduleTask(in: limit) { attempt.fail(ChannelError.connectTimeout(limit)) }
        defer { timer.cancel() }
        ClientBootstrap(group: loop)
            .connectTimeout(limit)
            .connect(host: broker.host, port: broker.port)
            .flatMap { channel in
                attempt.hold(channel)
                return prepare(channel, tls)
            }
            .whenComplete { result in
                switch result {
                case .success(let channel): attempt.succeed(channel)
                case .failure(let error): attempt.fail(error)
                }
            }
        do {
            return try await attempt.result()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw MQTTError(error, of: broker)
        }
    }

    /// Sets up the pipeline of an open channel, and waits for the TLS or WebSocket handshake.
    private func prepare(_ channel: any Channel, _ tls: NIOSSLContext?) -> EventLoopFuture<any Channel> {
        do {
            let pipeline = channel.pipeline.syncOperations
            if case .webSocket(let path) = configuration.broker.transport {
                if let tls { try pipeline.addHandler(handler(tls)) }
                return try upgrade(channel, path)
            }
            guard let tls else {
                try pipeline.addHandler(FrameGate(configuration.version, state))
                return channel.eventLoop.makeSucceededFuture(channel)
            }
            let handshake = channel.eventLoop.makePromise(of: Void.self)
            try pipeline.addHandler(HandshakeHandler(handshake))
            try pipeline.addHandler(FrameGate(configuration.version, state))
            // The handshake starts immediately.
            try pipeline.addHandler(handler(tls), position: .first)
            return handshake.futureResult.map { channel }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private func makeTLS() throws(MQTTError) -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.shutdownTimeout = BrokerTunnel.closeTimeout
        if let file = configuration.caFile { tls.trustRoots = .file(file) }
        do {
            if let certificate = configuration.certificateFile, let key = configuration.keyFile {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
            return try NIOSSLContext(configuration: tls)
        } catch {
            let files = [configuration.caFile, configuration.certificateFile, configuration.keyFile]
            let names = files.compactMap { $0 }.joined(separator: ", ")
            throw MQTTError(.invalid, "the TLS files for the broker (\(names)) cannot be used: \(error)")
        }
    }

    private func handler(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        let host = configuration.broker.host
        // A certificate is checked against an IP address, too, but SNI must not contain one.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}

extension BrokerConnector {
    /// Maximum WebSocket frame size, in bytes: brokers may put many packets into one frame.
    private static let maxFrameSize = 1 << 20

    /// Requests a WebSocket with the subprotocol `mqtt`.
    ///
    /// - Parameters:
    ///   - channel: A channel to the broker's web server.
    ///   - path: The WebSocket's path on that server.
    /// - Returns: The same channel, once the server has agreed.
    func upgrade(_ channel: any Channel, _ path: String) throws -> EventLoopFuture<any Channel> {
        let broker = configuration.broker
        let isUsualPort = broker.port == (broker.usesTLS ? 443 : 80)
        let host = broker.host.contains(":") ? "[\(broker.host)]" : broker.host
        let headers: HTTPHeaders = [
            "Host": isUsualPort ? host : "\(host):\(broker.port)", "Sec-WebSocket-Protocol": "mqtt",
        ]
        let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(maxFrameSize: Self.maxFrameSize) {
            channel, _ in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(WebSocketFrameHandler())
                try pipeline.addHandler(FrameGate(configuration.version, state))
                return channel
            }
        }
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration(
            upgradeRequestHead: HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers),
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeFailedFuture(
                    MQTTError(.rejected, "\(broker.description) did not accept the WebSocket upgrade"))
            })
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: .init(upgradeConfiguration: upgrade))
    }
}

#endif
