#if MQTT

import NIOCore
import NIOHTTP1
import NIOWebSocket

extension BrokerConnector {
    /// The longest WebSocket frame that is accepted, in bytes: brokers may put many packets into one.
    private static let largestFrame = 1 << 20

    /// Asks for a WebSocket of the subprotocol `mqtt`.
    ///
    /// - Parameters:
    ///   - channel: Leads to the broker's web server.
    ///   - path: Where the WebSocket is there.
    /// - Returns: The same channel, once the server has agreed.
    func upgrade(_ channel: any Channel, _ path: String) throws -> EventLoopFuture<any Channel> {
        let broker = configuration.broker
        let isUsualPort = broker.port == (broker.usesTLS ? 443 : 80)
        let host = broker.host.contains(":") ? "[\(broker.host)]" : broker.host
        let headers: HTTPHeaders = [
            "Host": isUsualPort ? host : "\(host):\(broker.port)", "Sec-WebSocket-Protocol": "mqtt",
        ]
        let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(maxFrameSize: Self.largestFrame) {
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
                    MQTTError(.refused, "\(broker.description) does not answer as a broker's WebSocket"))
            })
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: .init(upgradeConfiguration: upgrade))
    }
}

#endif
