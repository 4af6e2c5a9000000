import NIOCore
import Synchronization

/// One direction of a connection through a ``TCPProxy``.
final class TCPProxyHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let state: TCPProxy.SharedState

    init(to peer: any Channel, _ state: TCPProxy.SharedState) {
        self.peer = peer
        self.state = state
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        let (delay, isStalled) = state.value.withLock { state in
            defer { state.count(buffer.readableBytes) }
            return (state.delay, state.isStalled)
        }
        if isStalled { return }
        guard delay > .zero else { return peer.writeAndFlush(buffer, promise: nil) }
        // An event loop runs tasks with equal delays in the order they were scheduled.
        context.eventLoop.scheduleTask(in: delay) { [peer] in peer.writeAndFlush(buffer, promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
