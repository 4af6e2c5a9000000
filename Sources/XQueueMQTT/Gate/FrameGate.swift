#if MQTT

import NIOCore

/// The innermost handler of a broker connection; closes it on anything but a solicited reply.
final class FrameGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var filter: FrameFilter
    private let state: TunnelState

    /// - Parameters:
    ///   - version: The connection's protocol version.
    ///   - state: Receives the reason if the connection breaks.
    init(_ version: MQTTConfiguration.Version, _ state: TunnelState) {
        filter = FrameFilter(version)
        self.state = state
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let passage = filter.received(unwrapInboundIn(data))
        if passage.frames.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(passage.frames)) }
        if let violation = passage.violation { end(context, violation) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        filter.sent(unwrapOutboundIn(data))
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(context, error)
    }

    private func end(_ context: ChannelHandlerContext, _ error: any Error) {
        state.note(error)
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension FrameGate: Sendable {}

#endif
