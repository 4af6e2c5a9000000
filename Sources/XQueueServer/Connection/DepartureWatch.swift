import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Notices that a client leaves before it has its reply: for requests that wait, and whose replies must not be
/// lost.
///
/// A client that was told the length of a reply has all of it with the last byte of the body, and may be gone before the
/// server has said that this was the end.
final class DepartureWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var hasLeft = false
    private var onDeparture: (@Sendable () -> Void)?
    /// How much of the body is to be written still; nil if its length is not told.
    private var unwritten: Int?

    /// Has `body` called, once, if the client of the request under way leaves before the reply to it is out.
    static func watch(_ channel: any Channel, _ body: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute {
            // Only a channel that is no connection, in a test of the routes, has no such handler.
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
