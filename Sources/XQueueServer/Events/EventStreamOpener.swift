import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOWebSocket
import XQueue

/// Turns a connection whose request asks for events into a stream of them.
struct EventStreamOpener: Sendable {
    /// The largest message a client may send.
    static let maxMessageBytes = 64 << 10

    let bus: EventBus
    let connections: ConnectionCounter
    let heartbeatInterval: TimeAmount
    private let tickers: StreamTickers

    init(bus: EventBus, connections: ConnectionCounter, heartbeatInterval: TimeAmount) {
        self.bus = bus
        self.connections = connections
        self.heartbeatInterval = heartbeatInterval
        self.tickers = StreamTickers(heartbeat: heartbeatInterval)
    }

    /// - Throws: ``QueueError`` if the request is refused; nothing has happened then.
    func open(
        _ transport: EventRequest.Transport, _ head: HTTPRequest, context: ChannelHandlerContext
    ) throws(QueueError) {
        let answer: String
        switch transport {
        case .socket: answer = try SocketHandshake.answer(to: head, on: context.channel)
        case .feed: answer = Self.feedHead
        }
        let request = try EventRequest(head)
        let stream = EventStream(
            transport == .socket ? .socket : .feed, bus: bus, heartbeatInterval: heartbeatInterval,
            connections: connections, ticker: tickers.ticker(of: context.eventLoop),
            eventLoop: context.eventLoop)
        try stream.subscribe(request)
        do {
            try Self.put(stream, request, before: context.pipeline.syncOperations)
        } catch {
            // The connection has just been closed.
            return stream.abandon()
        }
        stream.send(ByteBuffer(string: answer))
        giveUpOnDeadPeer(context.channel)
        Self.removeHTTP(from: context.pipeline.syncOperations)
    }

    /// Has the system close the connection if the other machine does not confirm what it is sent: a feed's
    /// client has no other way to be missed.
    private func giveUpOnDeadPeer(_ channel: any Channel) {
        #if os(Linux)
        let userTimeout = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 18))
        let milliseconds = heartbeatInterval.nanoseconds / 1_000_000 * 3
        // Without it the system gives up by itself, a quarter of an hour later.
        channel.setOption(userTimeout, value: SocketOptionValue(clamping: milliseconds)).whenFailure { _ in }
        #endif
    }

    private static let feedHead = """
        HTTP/1.1 200 OK\r
        Content-Type: text/event-stream\r
        Cache-Control: no-store\r
        X-Accel-Buffering: no\r
        Connection: close\r
        Server: xqueue\r
        \r\n
        """

    private static func put(
        _ stream: EventStream, _ request: EventRequest, before pipeline: ChannelPipeline.SynchronousOperations
    ) throws {
        // Nearest to the network, so that nothing of HTTP is on the way.
        try pipeline.addHandler(stream, position: .first)
        guard case .socket = stream.format else { return }
        try pipeline.addHandler(
            SocketReader(stream, filter: request.filter, maxMessageBytes: maxMessageBytes), position: .first)
        let decoder = WebSocketFrameDecoder(maxFrameSize: maxMessageBytes)
        try pipeline.addHandler(ByteToMessageHandler(decoder), position: .first)
    }

    /// Lets go of what requests need: memory, and a time-out for connections that rest.
    private static func removeHTTP(from pipeline: ChannelPipeline.SynchronousOperations) {
        remove(EventGate.self, from: pipeline)
        remove(DepartureWatch.self, from: pipeline)
        remove(ConnectionGuard.self, from: pipeline)
        remove(HTTPConnectionStateHandler.self, from: pipeline)
        remove(OldClientMark.self, from: pipeline)
        remove(HTTP1ToHTTPServerCodec.self, from: pipeline)
        remove(HTTPResponseEncoder.self, from: pipeline)
        remove(ByteToMessageHandler<HTTPRequestDecoder>.self, from: pipeline)
    }

    private static func remove<Handler: RemovableChannelHandler>(
        _ type: Handler.Type, from pipeline: ChannelPipeline.SynchronousOperations
    ) {
        guard let handler = try? pipeline.handler(type: type) else { return }
        _ = pipeline.removeHandler(handler)
    }
}
