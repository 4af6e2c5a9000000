import Foundation
import NIOCore
import NIOPosix

/// An event stream: requests it, replies to pings, and searches the received data for markers.
///
/// It is minimal, since it shares the processors with the measured server. `@unchecked Sendable`: NIO calls a handler only
/// on its channel's event loop.
final class SubscriberConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Transport: String, CaseIterable {
        case sse, websocket
    }

    private static let greeting = Data(#""event":"hello""#.utf8)
    private static let end = Data(#""status":"success""#.utf8)
    private static let endOfHead = Data("\r\n\r\n".utf8)
    private static let ping: UInt8 = 0x89
    private static let pong: UInt8 = 0x8A

    private let transport: Transport
    private let counts: SubscriberCounts
    /// Received data that has not been searched yet.
    private var bytes = Data()
    private var hasHead = false

    private init(_ transport: Transport, _ counts: SubscriberCounts) {
        self.transport = transport
        self.counts = counts
    }

    static func open(
        _ transport: Transport, port: Int, group: any EventLoopGroup, _ counts: SubscriberCounts
    ) async throws -> any Channel {
        try await ClientBootstrap(group: group)
            .connectTimeout(.seconds(60))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SubscriberConnection(transport, counts))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func channelActive(context: ChannelHandlerContext) {
        let headers =
            switch transport {
            case .sse: "Accept: text/event-stream"
            case .websocket:
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
            }
        let request = "GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\(headers)\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        if !hasHead {
            guard let head = bytes.range(of: Self.endOfHead) else { return }
            bytes = Data(bytes[head.upperBound...])
            hasHead = true
        }
        switch transport {
        case .sse: takeLines()
        case .websocket: takeFrames(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        counts.closed.next()
    }

    /// Each event is one line. The HTTP chunk lengths between them contain none of the markers.
    private func takeLines() {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return }
        search(bytes[...end])
        bytes = Data(bytes[(end + 1)...])
    }

    private func takeFrames(_ context: ChannelHandlerContext) {
        while let (kind, body, rest) = Self.frame(bytes) {
            if kind == Self.ping {
                // A mask of zeros leaves the bytes unchanged.
                let head: [UInt8] = [Self.pong, 0x80 | UInt8(body.count), 0, 0, 0, 0]
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: head + body)), promise: nil)
            } else {
                search(body)
            }
            bytes = Data(rest)
        }
    }

    /// Returns the first complete frame and the rest. Server frames have no mask, and these are short.
    private static func frame(_ bytes: Data) -> (kind: UInt8, body: Data, rest: Data)? {
        guard bytes.count >= 2 else { return nil }
        let short = Int(bytes[1])
        let start = short < 126 ? 2 : 4
        guard short < 127, bytes.count >= start else { return nil }
        let end = start + (short < 126 ? short : Int(bytes[2]) << 8 | Int(bytes[3]))
        guard bytes.count >= end else { return nil }
        return (bytes[0], bytes[start..<end], bytes[end...])
    }

    private func search(_ part: Data) {
        if part.range(of: Self.greeting) != nil { counts.begun.next() }
        if part.range(of: Self.end) != nil { counts.successes.next() }
    }
}
