import NIOCore
import XQueue
import XQueueCore

/// How events are written to a connection.
enum EventFormat {
    /// WebSocket: one text message per event.
    case socket
    /// Server-sent events.
    case feed

    func write(_ shared: SharedEvent, to buffer: inout ByteBuffer) {
        switch self {
        case .socket:
            SocketFrame.text.write(shared.json, to: &buffer)
        case .feed:
            let word =
                switch shared.event.change {
                case .status: "status"
                case .progress: "progress"
                case .schedule: "schedule"
                }
            Self.write(shared.json, word: word, cursor: shared.event.cursor, to: &buffer)
        }
    }

    func write(_ notice: EventNotice, to buffer: inout ByteBuffer) {
        switch self {
        case .socket: SocketFrame.text.write(notice.json, to: &buffer)
        case .feed: Self.write(notice.json, word: notice.word, cursor: notice.cursor, to: &buffer)
        }
    }

    /// Writes a sign of life from the server.
    func writeHeartbeat(to buffer: inout ByteBuffer) {
        switch self {
        case .socket: SocketFrame.ping.write([], to: &buffer)
        case .feed: buffer.writeString(": heartbeat\n\n")
        }
    }

    /// Writes the final message.
    func writeEnd(_ end: EventStreamEnd, to buffer: inout ByteBuffer) {
        switch self {
        case .socket:
            var bytes = [UInt8(end.code >> 8), UInt8(end.code & 0xFF)]
            bytes += end.reason.truncated(toBytes: SocketFrame.maxControlBytes - 2).utf8
            SocketFrame.close.write(bytes, to: &buffer)
        case .feed:
            write(.close(end.reason), to: &buffer)
        }
    }

    private static func write(
        _ json: [UInt8], word: String, cursor: EventCursor?, to buffer: inout ByteBuffer
    ) {
        if let cursor { buffer.writeString("id: \(cursor)\n") }
        buffer.writeString("event: \(word)\ndata: ")
        buffer.writeBytes(json)
        buffer.writeString("\n\n")
    }
}

/// Why a stream ends: the WebSocket close code, and the reason as text.
struct EventStreamEnd: Error, Equatable {
    let code: UInt16
    let reason: String

    static let shutdown = EventStreamEnd(code: 1001, reason: "the server is shutting down")
    static let slowConsumer = EventStreamEnd(code: 1013, reason: "slow consumer")
    static let accessEnded = EventStreamEnd(code: 1008, reason: "token or session no longer valid")
    static let unresponsive = EventStreamEnd(code: 1001, reason: "no response from the client")
    static let tooLarge = EventStreamEnd(code: 1009, reason: "message too large")
    static let notText = EventStreamEnd(code: 1003, reason: "only text messages are supported")
    static let notUTF8 = EventStreamEnd(code: 1007, reason: "message is not valid UTF-8")

    static func protocolError(_ reason: String) -> EventStreamEnd {
        EventStreamEnd(code: 1002, reason: reason)
    }
}
