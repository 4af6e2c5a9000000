import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Detects clients that disconnect before they have received their reply, for waiting requests whose replies must not
/// be lost.
///
/// With a `Content-Length`, a client has the whole reply with the last byte of the body, and may disconnect before the
/// server has written the end of the reply.
final class DepartureWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var hasLeft = false
    private var onDeparture: (@Sendable () -> Void)?
    /// How much of the body is still to be written; nil if its length is unknown.
    private var unwritten: Int?

    /// Calls `body`, once, if the client disconnects before the reply to the current request has been sent.
    static func watch(_ channel: any Channel, _ body: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute {
            // Only channels in tests of the routes, which are not connections, lack the handler.
            guard let watch = try? channel.pipeline.syncOperations.handler(type: DepartureWatch.self) else {
                return
            }
            if watch.hasLeft || !channel.isActive { body() } else { watch.onDeparture = body }
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let onDeparture, completesReply(unwrapOutboundIn(data)) else {
            return context.write(data, promise: promise)
        }
        self.onDeparture = nil
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.whenFailure { _ in onDeparture() }
        context.write(data, promise: written)
    }

    private func completesReply(_ part: HTTPResponsePart) -> Bool {
        switch part {
        case .head(let head):
            unwritten = head.headerFields[.contentLength].flatMap { Int($0) }
            return false
        case .body(let bytes):
            guard let left = unwritten else { return false }
            unwritten = left - bytes.readableBytes
            return left <= bytes.readableBytes
        case .end: return true
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { left() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        left()
        context.fireChannelInactive()
    }

    private func left() {
        hasLeft = true
        onDeparture?()
        onDeparture = nil
    }
}

@available(*, unavailable)
extension DepartureWatch: Sendable {}
