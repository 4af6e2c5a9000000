import XQueueCore

/// A message of the server to a subscriber that is not an event.
struct EventNotice {
    let word: String
    let cursor: EventCursor?
    private let details: [(name: String, value: String)]

    private init(_ word: String, cursor: EventCursor? = nil, _ details: [(name: String, value: String)] = [])
    {
        self.word = word
        self.cursor = cursor
        self.details = details
    }

    static func hello(_ cursor: EventCursor) -> EventNotice {
        EventNotice("hello", cursor: cursor)
    }

    static func reset(_ cursor: EventCursor) -> EventNotice {
        EventNotice(
            "reset", cursor: cursor,
            [("message", "events were missed: query the API for task state; the stream continues from here")])
    }

    static func rewound(_ cursor: EventCursor) -> EventNotice {
        EventNotice(
            "reset", cursor: cursor,
            [
                (
                    "message",
                    "the event log was rewound, as by a failover: query the API for task state; the stream repeats what is not older than the last event"
                )
            ])
    }

    static func subscribed(_ id: String) -> EventNotice { EventNotice("subscribed", [("id", id)]) }

    static func unsubscribed(_ id: String) -> EventNotice { EventNotice("unsubscribed", [("id", id)]) }

    static func error(_ message: String) -> EventNotice { EventNotice("error", [("message", message)]) }

    static func close(_ reason: String) -> EventNotice { EventNotice("close", [("reason", reason)]) }

    var json: [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.member("event", word)
            if let cursor { writer.member("cursor", cursor.description) }
            for (name, value) in details { writer.member(name, value) }
        }
        return writer.bytes
    }
}
