import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Notices that a client leaves before it has its reply: for requests that wait, and whose replies must not be
/// lost.
final class DepartureWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var hasLeft = false
    private var onDeparture: (@Sendable () -> Void)?

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
        guard let onDeparture, case .end = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        self.onDeparture = nil
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.whenFailure { _ in onDeparture() }
        context.write(data, promise: written)
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
