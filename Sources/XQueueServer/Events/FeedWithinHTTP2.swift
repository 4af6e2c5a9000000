import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Turns the bytes of an event stream into the body of an HTTP/2 reply.
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
        // The request has ended: there is nothing to read.
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
        // The client has ended its request, but is still reading the reply.
        if case ChannelEvent.inputClosed = event { return }
        context.fireUserInboundEventTriggered(event)
    }
}

@available(*, unavailable)
extension FeedWithinHTTP2: Sendable {}
