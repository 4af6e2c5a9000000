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

    /// The routes that are answered with streams.
    let routes: [Route]
    let bus: EventBus
    let access: AccessControl
    let hosts: HostRule
    let connections: ConnectionTable
    let heartbeatInterval: TimeAmount
    private let tickers: StreamTickers

    init(
        routes: [Route], bus: EventBus, access: AccessControl, hosts: HostRule, connections: ConnectionTable,
        heartbeatInterval: TimeAmount
    ) {
        self.routes = routes
        self.bus = bus
        self.access = access
        self.hosts = hosts
        self.connections = connections
        self.heartbeatInterval = heartbeatInterval
        self.tickers = StreamTickers(heartbeat: heartbeatInterval)
    }

    /// - Throws: ``QueueError`` if the request is refused; nothing has happened then.
    func open(
        _ route: Route, _ transport: EventRequest.Transport, _ head: HTTPRequest, for caller: Caller,
        context: ChannelHandlerContext
    ) throws(QueueError) {
        try checkOrigin(of: head, transport)
        let pipeline = context.pipeline.syncOperations
        // A stream within an HTTP/2 connection has no HTTP/1 of its own.
        let encoder = try? pipeline.context(handlerType: HTTPResponseEncoder.self)
        var answer = ""
        if transport == .socket {
            guard encoder != nil else {
                throw QueueError(.upgradeRequired, "a WebSocket needs a connection of HTTP/1.1")
            }
            answer = try SocketHandshake.answer(to: head, on: context.channel)
        }
        var request = try EventRequest(head, allowed: route.query)
        request.filter = try caller.narrowed(request.filter)
        let pass = try StreamPass(access, caller, head)
        let stream = EventStream(
            transport == .socket ? .socket : .feed, bus: bus, heartbeatInterval: heartbeatInterval,
            connections: encoder == nil ? nil : connections, ticker: tickers.ticker(of: context.eventLoop),
            eventLoop: context.eventLoop, pass: pass)
        try stream.subscribe(request)
        do {
            if let encoder {
                try Self.put(stream, request, for: caller, before: encoder.handler, in: pipeline)
            } else {
                let feed = FeedWithinHTTP2(head: feedHead(head))
                try pipeline.addHandler(feed, position: .before(context.handler))
                try pipeline.addHandler(stream, position: .after(feed))
            }
        } catch {
            // The connection has just been closed.
            return stream.abandon()
        }
        guard encoder != nil else {
            Self.remove(EventGate.self, from: pipeline)
            Self.remove(HTTPConnectionStateHandler.self, from: pipeline)
            return
        }
        stream.send(ByteBuffer(string: transport == .socket ? answer : Self.text(of: feedHead(head))))
        giveUpOnDeadPeer(context.channel)
        Self.removeHTTP(from: pipeline)
    }

    /// Cookies come with whatever page asks, and browsers do not keep WebSockets to their own place.
    private func checkOrigin(of head: HTTPRequest, _ transport: EventRequest.Transport) throws(QueueError) {
        guard case .foreign(let origin) = RequestOrigin(head) else { return }
        let usesCookie = if case .session = Credential(head.headerFields) { access.isLocked } else { false }
        guard usesCookie || transport == .socket, usesCookie || !access.crossOrigin.allows(origin) else {
            return
        }
        throw QueueError(.foreignOrigin, "a page of another origin may not follow events")
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

    private func feedHead(_ request: HTTPRequest) -> HTTPResponse {
        var headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            .server: "xqueue",
        ]
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        headers.append(contentsOf: access.crossOrigin.headers(for: request))
        return HTTPResponse(status: .ok, headerFields: headers)
    }

    /// As HTTP/1.1 has it; the connection ends with the stream.
    private static func text(of head: HTTPResponse) -> String {
        let lines = head.headerFields.map { "\($0.name): \($0.value)\r\n" }.joined()
        return "HTTP/1.1 200 OK\r\n\(lines)Connection: close\r\n\r\n"
    }

    private static func put(
        _ stream: EventStream, _ request: EventRequest, for caller: Caller,
        before encoder: any ChannelHandler, in pipeline: ChannelPipeline.SynchronousOperations
    ) throws {
        // Nothing of HTTP is on the way then; of TLS, all is.
        try pipeline.addHandler(stream, position: .before(encoder))
        guard case .socket = stream.format else { return }
        let reader = SocketReader(
            stream, filter: request.filter, caller: caller, maxMessageBytes: maxMessageBytes)
        try pipeline.addHandler(reader, position: .before(stream))
        let decoder = WebSocketFrameDecoder(maxFrameSize: maxMessageBytes)
        try pipeline.addHandler(ByteToMessageHandler(decoder), position: .before(reader))
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
