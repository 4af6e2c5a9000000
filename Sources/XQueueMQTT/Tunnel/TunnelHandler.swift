#if MQTT

import Foundation
import NIOCore

/// One end of a tunnel: what comes in here goes out at the other end, no faster than that end takes it.
final class TunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let isUpstream: Bool
    private var lastWrite: EventLoopFuture<Void>?

    /// - Parameters:
    ///   - peer: The other end, on the same loop.
    ///   - isUpstream: Whether this is the end that leads to the broker.
    init(to peer: any Channel, isUpstream: Bool) {
        self.peer = peer
        self.isUpstream = isUpstream
    }

    func channelActive(context: ChannelHandlerContext) {
        // Nobody else is to come.
        context.channel.parent?.close(promise: nil)
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let written = context.eventLoop.makePromise(of: Void.self)
        peer.write(unwrapInboundIn(data), promise: written)
        lastWrite = written.futureResult
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        peer.flush()
        if isUpstream { acknowledgeAtOnce(context.channel) }
        if peer.isWritable { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // What the other end held back may come now.
        if context.channel.isWritable { peer.read() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // What came before the end is still to arrive. To the library nothing more is said, but it may go on to write:
        // otherwise it would not read why the broker has left.
        peer.flush()
        let (peer, mode) = (peer, isUpstream ? CloseMode.output : .all)
        (lastWrite ?? context.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in
            peer.close(mode: mode, promise: nil)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Has the system acknowledge what the broker sent.
    ///
    /// While messages go out, that goes with them. After the last, a broker that waits for it before it sends more
    /// (Nagle's algorithm, which mosquitto leaves on) would stand still for 40 ms. The system forgets the setting.
    private func acknowledgeAtOnce(_ channel: any Channel) {
        #if os(Linux)
        try? channel.syncOptions?.setOption(.tcpOption(.init(rawValue: CInt(TCP_QUICKACK))), value: 1)
        #endif
    }
}

@available(*, unavailable)
extension TunnelHandler: Sendable {}

#endif
