import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Lets a stream of events, which writes bytes, be the body of a reply within an HTTP/2 connection.
final class FeedWithinHTTP2: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTPResponsePart

    private let head: HTTPResponse
    private var hasEnded = false

    init(head: HTTPResponse) {
        self.head = head
    }

    func handlerAdded(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The request is over: there is nothing to read.
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(wrapOutboundOut(.body(unwrapOutboundIn(data))), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        guard !hasEnded else {
            promise?.succeed()
            return
        }
        hasEnded = true
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // That the client has ended its request does not mean that it has left.
        if case ChannelEvent.inputClosed = event { return }
        context.fireUserInboundEventTriggered(event)
    }
}

@available(*, unavailable)
extension FeedWithinHTTP2: Sendable {}
