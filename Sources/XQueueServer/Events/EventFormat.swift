import NIOCore
import XQueue
import XQueueCore

/// How events are written into a connection.
enum EventFormat {
    /// One text message each.
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

    /// What shows that the server is there.
    func writeHeartbeat(to buffer: inout ByteBuffer) {
        switch self {
        case .socket: SocketFrame.ping.write([], to: &buffer)
        case .feed: buffer.writeString(": heartbeat\n\n")
        }
    }

    /// What is sent last.
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

/// Why a stream ends: the WebSocket's code, and words for people.
struct EventStreamEnd: Error, Equatable {
    let code: UInt16
    let reason: String

    static let shutdown = EventStreamEnd(code: 1001, reason: "the server is shutting down")
    static let slowConsumer = EventStreamEnd(code: 1013, reason: "slow consumer")
    static let accessEnded = EventStreamEnd(code: 1008, reason: "the token or session is over")
    static let silent = EventStreamEnd(code: 1001, reason: "the client does not answer")
    static let tooLarge = EventStreamEnd(code: 1009, reason: "the message is too large")
    static let notText = EventStreamEnd(code: 1003, reason: "only text messages are understood")
    static let notUTF8 = EventStreamEnd(code: 1007, reason: "the message is not UTF-8")

    static func broken(_ reason: String) -> EventStreamEnd {
        EventStreamEnd(code: 1002, reason: reason)
    }
}
