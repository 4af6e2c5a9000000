import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOWebSocket
import XQueue

/// The server's side of the WebSocket handshake (RFC 6455, section 4.2).
enum SocketHandshake {
    static let version = "13"

    /// Returns the reply's head, which turns the connection into a WebSocket.
    ///
    /// - Throws: ``QueueError`` if the request is not a valid handshake.
    static func answer(to head: HTTPRequest, on channel: any Channel) throws(QueueError) -> String {
        guard head.headerFields[.secWebSocketVersion] == version else {
            throw QueueError(.upgradeRequired, "Sec-WebSocket-Version must be \(version)")
        }
        guard let key = head.headerFields[.secWebSocketKey], Data(base64Encoded: key)?.count == 16,
            let accept = accept(key, channel)
        else {
            throw QueueError(.malformedHTTP, "Sec-WebSocket-Key must be 16 bytes in base64")
        }
        return """
            HTTP/1.1 101 Switching Protocols\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Accept: \(accept)\r
            Server: xqueue\r
            \r\n
            """
    }

    /// The value of `Sec-WebSocket-Accept`, computed by NIO's upgrader, which does not expose it otherwise.
    private static func accept(_ key: String, _ channel: any Channel) -> String? {
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        head.headers = ["Sec-WebSocket-Key": key, "Sec-WebSocket-Version": version]
        var accept: String?
        // Completes immediately: this runs on the channel's event loop, and there is nothing to wait for.
        upgrader.buildUpgradeResponse(channel: channel, upgradeRequest: head, initialResponseHeaders: [:])
            .assumeIsolated().whenSuccess { accept = $0.first(name: "Sec-WebSocket-Accept") }
        return accept
    }
}
