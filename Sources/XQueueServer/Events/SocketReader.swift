import NIOCore
import NIOWebSocket
import XQueue

/// Handles the frames of a WebSocket client: messages, fragmented or not, pings and the close.
final class SocketReader: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = Never

    private let stream: EventStream
    private let maxMessageBytes: Int
    private var subscriptions: SocketSubscriptions
    /// The part received so far of a fragmented message.
    private var pieces: ByteBuffer?

    init(_ stream: EventStream, filter: EventFilter, caller: Caller, maxMessageBytes: Int) {
        self.stream = stream
        self.maxMessageBytes = maxMessageBytes
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

    // MARK: - Frames

    private func take(_ frame: WebSocketFrame) throws(EventStreamEnd) {
        guard frame.maskKey != nil else { throw .protocolError("client frames must be masked") }
        guard frame.reservedBits.isEmpty else { throw .protocolError("no extension was negotiated") }
        let payload = frame.unmaskedData
        switch frame.opcode {
        case .text:
            guard pieces == nil else { throw .protocolError("new message within a fragmented one") }
            pieces = ByteBuffer()
            try append(payload, isLast: frame.fin)
        case .continuation:
            guard pieces != nil else { throw .protocolError("no message to continue") }
            try append(payload, isLast: frame.fin)
        case .binary: throw .notText
        case .ping: stream.send(.pong, payload.readableBytesView)
        case .pong: break
        case .connectionClose: throw try Self.answer(toClose: payload)
        default: throw .protocolError("unknown opcode")
        }
    }

    private func append(_ payload: ByteBuffer, isLast: Bool) throws(EventStreamEnd) {
        let size = (pieces?.readableBytes ?? 0) + payload.readableBytes
        guard size <= maxMessageBytes else { throw .tooLarge }
        pieces?.writeImmutableBuffer(payload)
        guard isLast, let message = pieces else { return }
        pieces = nil
        guard let text = String(validating: message.readableBytesView, as: UTF8.self) else { throw .notUTF8 }
        answer(text)
    }

    /// Echoes the client's close code, as the protocol requires.
    private static func answer(toClose payload: ByteBuffer) throws(EventStreamEnd) -> EventStreamEnd {
        var payload = payload
        guard payload.readableBytes > 0 else { return EventStreamEnd(code: 1000, reason: "") }
        guard let code = payload.readInteger(as: UInt16.self), isLegal(code),
            String(validating: payload.readableBytesView, as: UTF8.self) != nil
        else { return .protocolError("malformed close frame") }
        return EventStreamEnd(code: code, reason: "")
    }

    private static func isLegal(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
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
