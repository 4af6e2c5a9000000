import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import XQueue

/// Finds the requests that ask for a stream of events, and turns their connections into ``EventStream``s.
///
/// All other requests pass. A request that is refused is answered here, and its connection goes on.
final class EventGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private struct Asked {
        let head: HTTPRequest
        let transport: EventRequest.Transport
        var isWhole = false
    }

    private let opener: EventStreamOpener
    private var asked: Asked?
    /// Requests that passed and whose replies have not.
    private var unanswered = 0
    private var isShuttingDown = false

    init(_ opener: EventStreamOpener) {
        self.opener = opener
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard asked == nil else {
            if case .end = unwrapInboundIn(data) {
                asked?.isWhole = true
                openIfDue(context)
            }
            return
        }
        if case .head(let head) = unwrapInboundIn(data) {
            if let transport = EventRequest.transport(of: head) {
                asked = Asked(head: head, transport: transport)
                return
            }
            unanswered += 1
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        context.write(data, promise: promise)
        guard isEnd else { return }
        unanswered -= 1
        openIfDue(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { isShuttingDown = true }
        context.fireUserInboundEventTriggered(event)
    }

    /// Opens the stream that was asked for, once the replies to earlier requests are out.
    private func openIfDue(_ context: ChannelHandlerContext) {
        guard let asked, asked.isWhole, unanswered == 0 else { return }
        self.asked = nil
        do throws(QueueError) {
            guard !isShuttingDown else { throw QueueError(.stopped, "the server is shutting down") }
            try opener.open(asked.transport, asked.head, context: context)
        } catch {
            refuse(error, context: context)
        }
    }

    private func refuse(_ error: QueueError, context: ChannelHandlerContext) {
        var reply = ErrorReply.reply(for: error)
        if error.code == .upgradeRequired {
            reply = reply.with(.secWebSocketVersion, SocketHandshake.version)
        }
        context.write(wrapOutboundOut(.head(reply.response.head)), promise: nil)
        context.write(wrapOutboundOut(.body(reply.body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

@available(*, unavailable)
extension EventGate: Sendable {}
