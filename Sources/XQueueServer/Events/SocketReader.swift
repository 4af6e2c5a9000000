import NIOCore
import NIOWebSocket
import XQueue

/// Answers a WebSocket client.
final class SocketReader: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = Never

    private let stream: EventStream
    private var frames: SocketFrames
    private var subscriptions: SocketSubscriptions

    init(_ stream: EventStream, filter: EventFilter, caller: Caller, maxMessageBytes: Int) {
        self.stream = stream
        self.frames = SocketFrames(maxMessageBytes: maxMessageBytes)
        self.subscriptions = SocketSubscriptions(filter, caller: caller)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard !stream.isEnding else {
            if frame.opcode == .connectionClose { stream.close() }
            return
        }
        stream.markAlive()
        do throws(EventStreamEnd) {
            try take(frame)
        } catch {
            stream.end(error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOWebSocketError else { return context.fireErrorCaught(error) }
        switch error {
        case .invalidFrameLength: stream.end(.tooLarge)
        case .fragmentedControlFrame, .multiByteControlFrameLength:
            stream.end(.protocolError("control frames must be short and unfragmented"))
        }
    }

    private func take(_ frame: WebSocketFrame) throws(EventStreamEnd) {
        switch try frames.take(frame) {
        case .message(let text): answer(text)
        case .ping(let payload): stream.send(.pong, payload)
        case nil: break
        }
    }

    // MARK: - Messages

    private func answer(_ text: String) {
        do throws(QueueError) {
            var changed = subscriptions
            let notice = try changed.apply(try SocketMessage.read(text))
            try stream.setFilters(changed.filters)
            subscriptions = changed
            stream.send(notice)
        } catch {
            stream.send(.error(error.message))
        }
    }
}

@available(*, unavailable)
extension SocketReader: Sendable {}
