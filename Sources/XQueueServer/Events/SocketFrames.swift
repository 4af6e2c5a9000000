import NIOCore
import NIOWebSocket

/// Assembles what a WebSocket client sends from its frames (RFC 6455): messages, fragmented or not, pings and the close.
struct SocketFrames {
    enum Input: Equatable {
        case message(String)
        case ping(ByteBufferView)
    }

    let maxMessageBytes: Int
    /// The part received so far of a fragmented message.
    private var pieces: ByteBuffer?

    init(maxMessageBytes: Int) {
        self.maxMessageBytes = maxMessageBytes
    }

    /// Returns what the frame completes, if anything.
    ///
    /// - Throws: The stream's end: the client has closed it, or broken the protocol.
    mutating func take(_ frame: WebSocketFrame) throws(EventStreamEnd) -> Input? {
        guard frame.maskKey != nil else { throw .protocolError("client frames must be masked") }
        guard frame.reservedBits.isEmpty else { throw .protocolError("no extension was negotiated") }
        let payload = frame.unmaskedData
        switch frame.opcode {
        case .text:
            guard pieces == nil else { throw .protocolError("new message within a fragmented one") }
            pieces = ByteBuffer()
            return try append(payload, isLast: frame.fin)
        case .continuation:
            guard pieces != nil else { throw .protocolError("no message to continue") }
            return try append(payload, isLast: frame.fin)
        case .binary: throw .notText
        case .ping: return .ping(payload.readableBytesView)
        case .pong: return nil
        case .connectionClose: throw Self.answer(toClose: payload)
        default: throw .protocolError("unknown opcode")
        }
    }

    private mutating func append(_ payload: ByteBuffer, isLast: Bool) throws(EventStreamEnd) -> Input? {
        let size = (pieces?.readableBytes ?? 0) + payload.readableBytes
        guard size <= maxMessageBytes else { throw .tooLarge }
        pieces?.writeImmutableBuffer(payload)
        guard isLast, let message = pieces else { return nil }
        pieces = nil
        guard let text = String(validating: message.readableBytesView, as: UTF8.self) else { throw .notUTF8 }
        return .message(text)
    }

    /// Echoes the client's close code, as the protocol requires.
    private static func answer(toClose payload: ByteBuffer) -> EventStreamEnd {
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
}
