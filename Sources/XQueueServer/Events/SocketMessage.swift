import NIOCore
import XQueue
import XQueueCore

/// A message of a WebSocket client.
enum SocketMessage {
    case subscribe(id: String, EventFilter)
    case unsubscribe(id: String)

    /// Maximum length of a subscription's ID, in bytes.
    static let maxIDBytes = 200

    /// - Throws: ``QueueError`` if the message is invalid.
    static func read(_ text: String) throws(QueueError) -> SocketMessage {
        let members = try members(of: text)
        var fields = Fields()
        let reader = FieldReader()
        try reader.each(of: members) { member throws(QueueError) in
            try fields.take(member, reader)
        }
        guard let id = fields.id else { throw .invalid("id", "is required") }
        switch fields.action {
        case "subscribe": return .subscribe(id: id, fields.filter)
        case "unsubscribe": return .unsubscribe(id: id)
        default: throw .invalid("action", "must be subscribe or unsubscribe")
        }
    }

    private static func members(of text: String) throws(QueueError) -> [JSONMember] {
        do throws(JSONSyntaxError) {
            if let members = try RawJSON.members(of: text) { return members }
        } catch {
            throw QueueError(.malformedJSON, "the message is not JSON: \(error)")
        }
        throw QueueError(.malformedJSON, "the message must be a JSON object")
    }

    private struct Fields {
        var action: String?
        var id: String?
        var filter = EventFilter()

        mutating func take(_ member: JSONMember, _ reader: FieldReader) throws(QueueError) {
            switch member.name {
            case "action": action = try reader.string(member)
            case "id":
                let id = try reader.string(member)
                guard 1...SocketMessage.maxIDBytes ~= id.utf8.count else {
                    throw reader.invalid(member, "must be 1 to \(SocketMessage.maxIDBytes) bytes long")
                }
                self.id = id
            case "task_id": filter.taskIDs = try EventValues.taskIDs(Self.texts(member, reader))
            case "type": filter.types = try EventValues.types(Self.texts(member, reader))
            case "status": filter.statuses = try EventValues.statuses(Self.texts(member, reader))
            default: throw reader.unknown(member)
            }
        }

        private static func texts(_ member: JSONMember, _ reader: FieldReader) throws(QueueError) -> [String]
        {
            guard let elements = try? member.value.elements() else {
                throw reader.invalid(member, "must be an array of strings")
            }
            var texts: [String] = []
            for element in elements {
                guard let text = element.string else {
                    throw reader.invalid(member, "must be an array of strings")
                }
                texts.append(text)
            }
            return texts
        }
    }
}

/// The kinds of WebSocket frames the server sends (RFC 6455), unfragmented and unmasked.
enum SocketFrame: UInt8 {
    case text = 0x1
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// Maximum payload of a close, ping or pong frame, in bytes.
    static let maxControlBytes = 125

    func write(_ payload: some Collection<UInt8>, to buffer: inout ByteBuffer) {
        buffer.writeInteger(0x80 | rawValue)
        switch payload.count {
        case ...125:
            buffer.writeInteger(UInt8(payload.count))
        case ...Int(UInt16.max):
            buffer.writeInteger(UInt8(126))
            buffer.writeInteger(UInt16(payload.count))
        default:
            buffer.writeInteger(UInt8(127))
            buffer.writeInteger(UInt64(payload.count))
        }
        buffer.writeBytes(payload)
    }
}
