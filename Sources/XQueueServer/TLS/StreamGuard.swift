import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import XQueue

/// The counterpart of ``ConnectionGuard`` for one request of an HTTP/2 connection: enforces timeouts for sending the
/// request and reading the reply.
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
    /// Whether this request protects its connection from eviction.
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
            // An HTTP/2 request may have `Host` instead of, or besides, `:authority`.
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
        // HTTP/2 has no `Connection` header: the connection is shared with other requests.
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
                for: QueueError(.requestTimeout, "timed out receiving the request"))
            let head = reply.response(on: context.channel).head
            write(context: context, data: NIOAny(HTTPResponsePart.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(reply.body.buffer)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        // The reader of the body must not mistake the part received for the whole.
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
