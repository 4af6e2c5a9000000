import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import XQueue

/// Does for one request of an HTTP/2 connection what ``ConnectionGuard`` does for a connection of HTTP/1:
/// keeps a client that is too slow, in sending or in taking, from holding it.
final class StreamGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: ConnectionTable
    private let requestTimeout: TimeAmount
    private let idleTimeout: TimeAmount
    private var isReplying = false
    private var hasRequest = false
    /// Whether this request keeps its connection from being one that can go.
    private var isBusy = false
    private var readDeadline: Scheduled<Void>?
    private var writeDeadline: Scheduled<Void>?

    init(_ configuration: ServerConfiguration, _ connections: ConnectionTable) {
        self.connections = connections
        requestTimeout = TimeAmount(configuration.requestTimeout)
        idleTimeout = TimeAmount(configuration.idleTimeout)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            readDeadline = schedule(after: requestTimeout, context) { $0.requestTimedOut(context: $1) }
            let hosts = head.furtherHosts
            // HTTP/2 may name its host in the way of HTTP/1.1, or in both ways.
            if hosts.count == 1, head.authority == nil || head.authority == hosts[0] {
                return context.fireChannelRead(wrapInboundOut(.head(head.naming(hosts[0]))))
            }
        case .body: break
        case .end:
            readDeadline?.cancel()
            readDeadline = nil
            hasRequest = true
            setBusy(true, context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        isReplying = true
        // It would be about the connection, which is not this request's alone; HTTP/2 has no such thing.
        head.headerFields[.connection] = nil
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeDeadline?.cancel()
        writeDeadline = nil
        setBusy(hasRequest && context.channel.isWritable, context)
        if !context.channel.isWritable {
            writeDeadline = schedule(after: idleTimeout, context) { $1.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    private func requestTimedOut(context: ChannelHandlerContext) {
        if !isReplying {
            let reply = ErrorReply.reply(
                for: QueueError(.requestTimeout, "the request took too long to arrive"))
            write(context: context, data: NIOAny(HTTPResponsePart.head(reply.response.head)), promise: nil)
            context.write(wrapOutboundOut(.body(reply.body.buffer)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        // Whoever reads the body must not take what has come of it for the whole.
        context.fireErrorCaught(ChannelError.inputClosed)
        context.close(promise: nil)
    }

    private func setBusy(_ isBusy: Bool, _ context: ChannelHandlerContext) {
        guard isBusy != self.isBusy else { return }
        self.isBusy = isBusy
        let mark = context.channel.parent.flatMap { connections.mark(of: $0) }
        if isBusy { mark?.streamOpened() } else { mark?.streamClosed() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        setBusy(false, context)
        cancelDeadlines()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        setBusy(false, context)
        cancelDeadlines()
    }

    private func cancelDeadlines() {
        readDeadline?.cancel()
        writeDeadline?.cancel()
    }

    private func schedule(
        after delay: TimeAmount, _ context: ChannelHandlerContext,
        _ body: @escaping @Sendable (StreamGuard, ChannelHandlerContext) -> Void
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: delay) {
            let (handler, context) = bound.value
            body(handler, context)
        }
    }
}

@available(*, unavailable)
extension StreamGuard: Sendable {}
