#if MQTT

import NIOCore
import Synchronization

/// One end of a tunnel: what comes in here goes out at the other end, no faster than that end takes it.
final class TunnelHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let state: TunnelState

    init(to peer: any Channel, _ state: TunnelState) {
        self.peer = peer
        self.state = state
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        peer.write(unwrapInboundIn(data), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        peer.flush()
        if peer.isWritable { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // What the other end held back may come now.
        if context.channel.isWritable { peer.read() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        state.failure.withLock { failure in
            if failure == nil {
                failure = MQTTError(.disconnected, "the WebSocket to the broker broke: \(error)")
            }
        }
        context.close(promise: nil)
    }
}

#endif
