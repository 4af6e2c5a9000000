#if MQTT

import NIOCore
import NIOTLS

/// Reports when the TLS handshake has succeeded, or why it failed.
final class HandshakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var outcome: EventLoopPromise<Void>?

    /// - Parameter outcome: Succeeds once the broker has presented a trusted certificate.
    init(_ outcome: EventLoopPromise<Void>) {
        self.outcome = outcome
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { end(.success(())) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.failure(error))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failure(ChannelError.eof))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.failure(ChannelError.eof))
    }

    private func end(_ result: Result<Void, any Error>) {
        outcome?.completeWith(result)
        outcome = nil
    }
}

@available(*, unavailable)
extension HandshakeHandler: Sendable {}

#endif
