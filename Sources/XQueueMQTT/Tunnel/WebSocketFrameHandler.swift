#if MQTT

import NIOCore
import NIOWebSocket

/// Converts between WebSocket frames and bytes.
final class WebSocketFrameHandler: ChannelDuplexHandler, Sendable {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .continuation:
            context.fireChannelRead(wrapInboundOut(frame.unmaskedData))
        case .ping:
            // Pongs to a peer that does not read would accumulate.
            guard context.channel.isWritable else { return }
            send(.pong, frame.unmaskedData, context, promise: nil)
            context.flush()
        case .pong:
            break
        case .connectionClose:
            context.close(promise: nil)
        default:
            context.fireErrorCaught(FrameViolation("a non-binary WebSocket frame"))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        send(.binary, unwrapOutboundIn(data), context, promise: promise)
    }

    private func send(
        _ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext,
        promise: EventLoopPromise<Void>?
    ) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        context.write(wrapOutboundOut(frame), promise: promise)
    }
}

#endif
