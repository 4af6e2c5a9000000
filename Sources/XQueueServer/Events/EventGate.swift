import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import XQueue

/// Intercepts requests for event streams and turns their connections into ``EventStream``s.
///
/// All other requests pass through. A rejected request is answered here, and its connection stays open.
final class EventGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private struct StreamRequest {
        let head: HTTPRequest
        let route: Route
        let transport: EventRequest.Transport
        var isComplete = false
        /// Whether its token's signature is being verified.
        var isWaiting = false
    }

    private let opener: EventStreamOpener
    private var request: StreamRequest?
    /// Number of requests passed through that have no complete reply yet.
    private var unanswered = 0
    private var isShuttingDown = false

    init(_ opener: EventStreamOpener) {
        self.opener = opener
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard request == nil else {
            if case .end = unwrapInboundIn(data) {
                request?.isComplete = true
                openIfDue(context)
            }
            return
        }
        if case .head(let head) = unwrapInboundIn(data) {
            if let (route, transport) = EventRequest.stream(requestedBy: head, among: opener.routes) {
                request = StreamRequest(head: head, route: route, transport: transport)
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

    /// Opens the requested stream once earlier requests have been answered.
    private func openIfDue(_ context: ChannelHandlerContext) {
        guard let request, request.isComplete, !request.isWaiting, unanswered == 0 else { return }
        do throws(QueueError) {
            try opener.hosts.check(request.head, isLocked: opener.access.isLocked)
        } catch {
            self.request = nil
            return reject(error, context: context)
        }
        do throws(AccessRejection) {
            guard
                let caller = try opener.access.admitAtOnce(
                    request.head, to: request.route.scope, from: context.channel)
            else {
                return verifyToken(of: request, context)
            }
            open(request, for: caller, context: context)
        } catch {
            self.request = nil
            send(error.reply, context: context)
        }
    }

    /// Verifies the token's signature off the event loop, then opens the stream.
    private func verifyToken(of request: StreamRequest, _ context: ChannelHandlerContext) {
        self.request?.isWaiting = true
        let (head, scope) = (request.head, request.route.scope)
        let (access, channel) = (opener.access, context.channel)
        let bound = NIOLoopBound((gate: self, context: context), eventLoop: context.eventLoop)
        // The Swift task ends by itself; its result is dropped if the client has disconnected.
        context.eventLoop.makeFutureWithTask { () -> Result<Caller, AccessRejection> in
            do throws(AccessRejection) {
                return .success(try await access.admit(head, to: scope, from: channel))
            } catch {
                return .failure(error)
            }
        }.whenSuccess { result in
            let (gate, context) = bound.value
            guard let request = gate.request, context.channel.isActive else { return }
            switch result {
            case .success(let caller): gate.open(request, for: caller, context: context)
            case .failure(let rejection):
                gate.request = nil
                gate.send(rejection.reply, context: context)
            }
        }
    }

    private func open(_ request: StreamRequest, for caller: Caller, context: ChannelHandlerContext) {
        self.request = nil
        do throws(QueueError) {
            guard !isShuttingDown else { throw QueueError(.stopped, "the server is shutting down") }
            if request.route.isWholeQueue { try caller.checkWholeQueue() }
            try opener.open(request.route, request.transport, request.head, for: caller, context: context)
        } catch {
            reject(error, context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        request = nil
        context.fireChannelInactive()
    }

    private func reject(_ error: QueueError, context: ChannelHandlerContext) {
        var reply = ErrorReply.reply(for: error)
        if error.code == .upgradeRequired {
            reply = reply.with(.secWebSocketVersion, SocketHandshake.version)
        }
        send(reply, context: context)
    }

    private func send(_ reply: Reply, context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(reply.response(on: context.channel).head)), promise: nil)
        context.write(wrapOutboundOut(.body(reply.body.buffer)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

@available(*, unavailable)
extension EventGate: Sendable {}
