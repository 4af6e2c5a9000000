import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import XQueue

/// Protects the server from misbehaving clients, one guard per connection.
///
/// - Input that is not HTTP, and oversized request heads, get an API error as the reply.
/// - A request that takes too long to arrive is answered 408. A client that stops reading its reply, or holds up a
///   shutdown for too long, is disconnected.
/// - A reply with `Connection: close` closes the connection once it has been sent. What the client still sends is read
///   and dropped for a moment, since closing with unread data could destroy the reply.
/// - `Expect: 100-continue` is answered unless the body is too large.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private static let lingering = TimeAmount.seconds(2)
    private static let continueHead = HTTPResponse(status: .continue)

    private let requestTimeout: TimeAmount
    private let idleTimeout: TimeAmount
    private let maxBodyBytes: Int
    private let connections: ConnectionTable
    private var mark: ConnectionMark?
    private var state = ExchangeState()
    private var readDeadline: Scheduled<Void>?
    private var writeDeadline: Scheduled<Void>?
    private var lastDeadline: Scheduled<Void>?
    /// Whether the last read yielded at least one part of a request.
    private var hasReadPart = false

    init(_ configuration: ServerConfiguration, _ connections: ConnectionTable) {
        self.connections = connections
        requestTimeout = TimeAmount(configuration.requestTimeout)
        idleTimeout = TimeAmount(configuration.idleTimeout)
        maxBodyBytes = configuration.maxBodyBytes
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // A TLS connection was admitted before HTTP/1.1 was negotiated.
        if context.channel.isActive { mark = connections.mark(of: context.channel) }
        let pipeline = context.pipeline.syncOperations
        typealias Decoder = ByteToMessageHandler<HTTPRequestDecoder>
        guard let decoder = try? pipeline.handler(type: Decoder.self) else { return }
        // Should this fail, HTTP/1.0 connections are closed by the client or when idle.
        try? pipeline.addHandler(HTTP10Normalizer(), position: .after(decoder))
    }

    // MARK: - From the client

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        mark = connections.admit(context.channel)
        guard mark == nil else { return }
        reject(QueueError(.tooManyConnections, "too many connections"), context: context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !state.hasEnded else { return }
        hasReadPart = true
        switch unwrapInboundIn(data) {
        case .head(let head):
            state.requestBegan(isLast: Self.asksToClose(head))
            if head.headerFields.contains(.expect) { answerExpectation(head, context: context) }
        case .body: break
        case .end:
            state.requestEnded()
            readDeadline?.cancel()
            readDeadline = nil
            mark?.set(.busy)
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if state.hasEnded {
            // No other handler reads any more, and the client must be read to the end.
            context.read()
            return context.fireChannelReadComplete()
        }
        if !hasReadPart, !state.isReadingRequest { state.isReadingHead = true }
        hasReadPart = false
        if state.isReadingRequest || state.isReadingHead, readDeadline == nil {
            if !state.isAnswering { mark?.set(.reading) }
            readDeadline = schedule(after: requestTimeout, context) { handler, context in
                handler.readDeadline = nil
                handler.requestTimedOut(context: context)
            }
        }
        context.fireChannelReadComplete()
    }

    private static func asksToClose(_ head: HTTPRequest) -> Bool {
        guard let options = head.headerFields[.connection], options != "keep-alive" else { return false }
        return options.lowercased().split(separator: ",").contains { option in
            // NIO reads nothing after an upgrade request, so even a rejected one is the last.
            option.trimmed == "close" || option.trimmed == "upgrade"
        }
    }

    private func answerExpectation(_ head: HTTPRequest, context: ChannelHandlerContext) {
        guard state.canReject, head.headerFields[.expect]?.lowercased() == "100-continue" else { return }
        let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
        guard length <= maxBodyBytes else { return }
        context.writeAndFlush(wrapOutboundOut(.head(Self.continueHead)), promise: nil)
    }

    private func requestTimedOut(context: ChannelHandlerContext) {
        guard state.isReadingRequest || state.isReadingHead, !state.hasEnded else { return }
        if state.canReject {
            reject(QueueError(.requestTimeout, "timed out receiving the request"), context: context)
            // The reader of the body must not mistake the part received for the whole.
            context.fireErrorCaught(ChannelError.inputClosed)
        } else if state.isReadingRequest {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError, state.canReject, !state.hasEnded {
            let reason =
                switch error {
                case .headerOverflow: QueueError(.headersTooLarge, "request headers too large")
                default: QueueError(.malformedHTTP, "not a valid HTTP/1.1 request: \(error)")
                }
            reject(reason, context: context)
        }
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed where state.isLingering:
            context.close(promise: nil)
        case is ChannelShouldQuiesceEvent:
            state.isShuttingDown = true
            if state.isLingering {
                context.close(promise: nil)
            } else if lastDeadline == nil {
                lastDeadline = schedule(after: requestTimeout, context) { $1.close(promise: nil) }
            }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: - To the client

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !state.hasEnded else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            state.replyBegan(closes: head.headerFields[.connection] == "close")
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            let isLast = state.replyEnded()
            if !state.isAnswering, context.channel.isWritable {
                mark?.set(state.isReadingRequest ? .reading : .idle)
            }
            if isLast {
                end(with: data, promise: promise, context: context)
            } else {
                context.write(data, promise: promise)
            }
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Closing drops unwritten and unread data, so after the last reply only this handler closes the connection.
        if state.hasEnded, mode != .input {
            promise?.succeed()
        } else {
            context.close(mode: mode, promise: promise)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeDeadline?.cancel()
        writeDeadline = nil
        if context.channel.isWritable {
            mark?.set(state.isAnswering ? .busy : .idle)
        } else {
            mark?.set(.stalled)
            writeDeadline = schedule(after: idleTimeout, context) { $1.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: - The end

    /// Replies with an error, without involving the routes, and ends the connection.
    private func reject(_ error: QueueError, context: ChannelHandlerContext) {
        let reply = ErrorReply.reply(for: error)
        let response = reply.response(on: context.channel)
        context.write(wrapOutboundOut(.head(response.head)), promise: nil)
        context.write(wrapOutboundOut(.body(reply.body.buffer)), promise: nil)
        state.isReadingRequest = true
        end(with: NIOAny(HTTPResponsePart.end(nil)), promise: nil, context: context)
    }

    /// Writes the last part of the last reply and closes the connection once it is sent.
    private func end(with data: NIOAny, promise: EventLoopPromise<Void>?, context: ChannelHandlerContext) {
        state.hasEnded = true
        readDeadline?.cancel()
        let written = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            let (handler, context) = bound.value
            handler.lastReplyWritten(context: context)
        }
        context.writeAndFlush(data, promise: written)
    }

    private func lastReplyWritten(context: ChannelHandlerContext) {
        guard state.isReadingRequest, context.channel.isActive else {
            return context.close(promise: nil)
        }
        state.isLingering = true
        context.close(mode: .output, promise: nil)
        lastDeadline?.cancel()
        lastDeadline = schedule(after: Self.lingering, context) { $1.close(promise: nil) }
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancelDeadlines()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        cancelDeadlines()
    }

    private func cancelDeadlines() {
        readDeadline?.cancel()
        writeDeadline?.cancel()
        lastDeadline?.cancel()
    }

    private func schedule(
        after delay: TimeAmount, _ context: ChannelHandlerContext,
        _ body: @escaping @Sendable (ConnectionGuard, ChannelHandlerContext) -> Void
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: delay) {
            let (handler, context) = bound.value
            body(handler, context)
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}
