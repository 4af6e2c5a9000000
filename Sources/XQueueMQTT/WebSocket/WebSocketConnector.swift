#if MQTT

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Opens a WebSocket to a broker, for the subprotocol `mqtt`.
struct WebSocketConnector: Sendable {
    private static let largestFrame = 1 << 20

    let configuration: MQTTConfiguration
    let path: String

    /// A channel that takes and gives the bytes of the protocol.
    ///
    /// - Throws: ``MQTTError``.
    func connect(on loop: any EventLoop) async throws -> any Channel {
        let broker = configuration.broker
        let timeout = TimeAmount.milliseconds(configuration.answerTimeout.wholeSeconds * 1000)
        let tls = try broker.usesTLS ? makeTLS() : nil
        do {
            let upgrade = try await ClientBootstrap(group: loop)
                .connectTimeout(timeout)
                .connect(host: broker.host, port: broker.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let tls { try pipeline.addHandler(handler(tls)) }
                        let upgrade = try pipeline.configureUpgradableHTTPClientPipeline(
                            configuration: .init(upgradeConfiguration: upgradeConfiguration()))
                        let timer = channel.eventLoop.scheduleTask(in: timeout) {
                            channel.close(promise: nil)
                        }
                        upgrade.whenComplete { _ in timer.cancel() }
                        return upgrade
                    }
                }
            return try await upgrade.get()
        } catch let error as MQTTError {
            throw error
        } catch {
            throw MQTTError(.disconnected, "no connection to \(broker.description): \(error)")
        }
    }

    private func upgradeConfiguration() -> NIOTypedHTTPClientUpgradeConfiguration<any Channel> {
        let broker = configuration.broker
        let isUsualPort = broker.port == (broker.usesTLS ? 443 : 80)
        let host = broker.host.contains(":") ? "[\(broker.host)]" : broker.host
        let headers: HTTPHeaders = [
            "Host": isUsualPort ? host : "\(host):\(broker.port)", "Sec-WebSocket-Protocol": "mqtt",
        ]
        let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(maxFrameSize: Self.largestFrame) {
            channel, _ in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(WebSocketFrameHandler())
                return channel
            }
        }
        return NIOTypedHTTPClientUpgradeConfiguration(
            upgradeRequestHead: HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers),
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.close(promise: nil)
                return channel.eventLoop.makeFailedFuture(
                    MQTTError(.refused, "\(broker.description) does not answer as a broker's WebSocket"))
            })
    }

    private func makeTLS() throws(MQTTError) -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = configuration.caFile { tls.trustRoots = .file(file) }
        do {
            if let certificate = configuration.certificateFile, let key = configuration.keyFile {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw MQTTError(.invalid, "the TLS files for the broker cannot be used: \(error)")
        }
    }

    private func handler(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        let host = configuration.broker.host
        // A certificate's name is checked against an address, too, but an address must not be sent as a name.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}

extension Duration {
    var wholeSeconds: Int64 { components.seconds }
}

#endif
