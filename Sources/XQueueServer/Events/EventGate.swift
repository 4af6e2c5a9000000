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
        let route: Route
        let transport: EventRequest.Transport
        var isWhole = false
        /// Its token's signature is being checked.
        var isWaiting = false
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
            if let (route, transport) = EventRequest.stream(askedBy: head, among: opener.routes) {
                asked = Asked(head: head, route: route, transport: transport)
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
        guard let asked, asked.isWhole, !asked.isWaiting, unanswered == 0 else { return }
        do throws(QueueError) {
            try opener.hosts.check(asked.head, isLocked: opener.access.isLocked)
        } catch {
            self.asked = nil
            return refuse(error, context: context)
        }
        do throws(AccessRefusal) {
            guard
                let caller = try opener.access.admitAtOnce(
                    asked.head, to: asked.route.scope, from: context.channel)
            else {
                return askAccess(asked, context)
            }
            open(asked, for: caller, context: context)
        } catch {
            self.asked = nil
            send(error.reply, context: context)
        }
    }

    /// Has the token's signature checked, which is not done on an event loop.
    private func askAccess(_ asked: Asked, _ context: ChannelHandlerContext) {
        self.asked?.isWaiting = true
        let (head, scope) = (asked.head, asked.route.scope)
        let (access, channel) = (opener.access, context.channel)
        let bound = NIOLoopBound((gate: self, context: context), eventLoop: context.eventLoop)
        // It ends by itself with the check, and what comes of it is dropped if the client has left.
        context.eventLoop.makeFutureWithTask { () -> Result<Caller, AccessRefusal> in
            do throws(AccessRefusal) {
                return .success(try await access.admit(head, to: scope, from: channel))
            } catch {
                return .failure(error)
            }
        }.whenSuccess { answer in
            let (gate, context) = bound.value
            guard let asked = gate.asked, context.channel.isActive else { return }
            switch answer {
            case .success(let caller): gate.open(asked, for: caller, context: context)
            case .failure(let refusal):
                gate.asked = nil
                gate.send(refusal.reply, context: context)
            }
        }
    }

    private func open(_ asked: Asked, for caller: Caller, context: ChannelHandlerContext) {
        self.asked = nil
        do throws(QueueError) {
            guard !isShuttingDown else { throw QueueError(.stopped, "the server is shutting down") }
            if asked.route.isWholeQueue { try caller.checkWholeQueue() }
            try opener.open(asked.route, asked.transport, asked.head, for: caller, context: context)
        } catch {
            refuse(error, context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        asked = nil
        context.fireChannelInactive()
    }

    private func refuse(_ error: QueueError, context: ChannelHandlerContext) {
        var reply = ErrorReply.reply(for: error)
        if error.code == .upgradeRequired {
            reply = reply.with(.secWebSocketVersion, SocketHandshake.version)
        }
        send(reply, context: context)
    }

    private func send(_ reply: Reply, context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(reply.response.head)), promise: nil)
        context.write(wrapOutboundOut(.body(reply.body.buffer)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

@available(*, unavailable)
extension EventGate: Sendable {}
