#if MQTT

import Foundation
import NIOCore

/// One end of a tunnel: forwards what it receives to the other end, no faster than that end accepts it.
final class TunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let isUpstream: Bool
    private var lastWrite: EventLoopFuture<Void>?

    /// - Parameters:
    ///   - peer: The other end, on the same loop.
    ///   - isUpstream: Whether this is the broker's end.
    init(to peer: any Channel, isUpstream: Bool) {
        self.peer = peer
        self.isUpstream = isUpstream
    }

    func channelActive(context: ChannelHandlerContext) {
        // The tunnel serves only one connection.
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
        if isUpstream { acknowledgeImmediately(context.channel) }
        if peer.isWritable { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Resume reading what was held back.
        if context.channel.isWritable { peer.read() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Data from before the end must still be delivered. On the library's side only the output is closed:
        // otherwise, once a write fails, it would not read why the broker closed the connection.
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

    /// Makes the system acknowledge the broker's data immediately.
    ///
    /// While messages go out, the acknowledgement travels with them. After the last one, a broker that waits
    /// for it before sending more (Nagle's algorithm, which mosquitto leaves on) would stall for 40 ms. The
    /// option is not sticky, so it is set each time.
    private func acknowledgeImmediately(_ channel: any Channel) {
        #if os(Linux)
        try? channel.syncOptions?.setOption(.tcpOption(.init(rawValue: CInt(TCP_QUICKACK))), value: 1)
        #endif
    }
}

@available(*, unavailable)
extension TunnelHandler: Sendable {}

#endif
