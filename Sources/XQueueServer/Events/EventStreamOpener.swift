import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOWebSocket
import XQueue

/// Turns the connection of a request for events into an event stream.
struct EventStreamOpener: Sendable {
    /// Maximum size of a client's message, in bytes.
    static let maxMessageBytes = 64 << 10

    /// The routes of streams.
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

    /// - Throws: ``QueueError`` if the request is rejected, with no effect on the connection.
    func open(
        _ route: Route, _ transport: EventRequest.Transport, _ head: HTTPRequest, for caller: Caller,
        context: ChannelHandlerContext
    ) throws(QueueError) {
        try checkOrigin(of: head, transport)
        let pipeline = context.pipeline.syncOperations
        // Nil for a stream of an HTTP/2 connection.
        let encoder = try? pipeline.context(handlerType: HTTPResponseEncoder.self)
        var answer = ""
        if transport == .socket {
            guard encoder != nil else {
                throw QueueError(.upgradeRequired, "a WebSocket requires HTTP/1.1")
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
        setUserTimeout(context.channel)
        Self.removeHTTP(from: pipeline)
    }

    /// Rejects pages of other origins: browsers attach the cookie to their requests, and apply no same-origin policy to
    /// WebSockets.
    private func checkOrigin(of head: HTTPRequest, _ transport: EventRequest.Transport) throws(QueueError) {
        guard case .foreign(let origin) = RequestOrigin(head) else { return }
        let usesCookie = if case .session = Credential(head.headerFields) { access.isLocked } else { false }
        guard usesCookie || transport == .socket, usesCookie || !access.crossOrigin.allows(origin) else {
            return
        }
        throw QueueError(.foreignOrigin, "cross-origin request for events rejected")
    }

    /// Makes the kernel close the connection if the peer stops acknowledging data: the only way to detect that a client
    /// of server-sent events is gone.
    private func setUserTimeout(_ channel: any Channel) {
        #if os(Linux)
        let userTimeout = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 18))
        let milliseconds = heartbeatInterval.nanoseconds / 1_000_000 * 3
        // Should this fail, the kernel gives up by itself after about 15 minutes.
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

    /// The reply's head in HTTP/1.1; the connection ends with the stream.
    private static func text(of head: HTTPResponse) -> String {
        let lines = head.headerFields.map { "\($0.name): \($0.value)\r\n" }.joined()
        return "HTTP/1.1 200 OK\r\n\(lines)Connection: close\r\n\r\n"
    }

    private static func put(
        _ stream: EventStream, _ request: EventRequest, for caller: Caller,
        before encoder: any ChannelHandler, in pipeline: ChannelPipeline.SynchronousOperations
    ) throws {
        // Bypasses all HTTP handlers, but not TLS.
        try pipeline.addHandler(stream, position: .before(encoder))
        guard case .socket = stream.format else { return }
        let reader = SocketReader(
            stream, filter: request.filter, caller: caller, maxMessageBytes: maxMessageBytes)
        try pipeline.addHandler(reader, position: .before(stream))
        let decoder = WebSocketFrameDecoder(maxFrameSize: maxMessageBytes)
        try pipeline.addHandler(ByteToMessageHandler(decoder), position: .before(reader))
    }

    /// Removes the handlers of HTTP requests, which hold memory and close idle connections.
    private static func removeHTTP(from pipeline: ChannelPipeline.SynchronousOperations) {
        remove(EventGate.self, from: pipeline)
        remove(DepartureWatch.self, from: pipeline)
        remove(ConnectionGuard.self, from: pipeline)
        remove(HTTPConnectionStateHandler.self, from: pipeline)
        remove(HTTP10Normalizer.self, from: pipeline)
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
