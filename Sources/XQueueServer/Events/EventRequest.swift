import HTTPTypes
import XQueue
import XQueueCore

/// A request for events: what is wanted, and how it is to be sent.
struct EventRequest {
    enum Transport {
        case socket
        case feed
    }

    static let path = "/api/v1/events"
    static let parameters: Set<String> = ["task_id", "type", "status", "after"]
    /// The most values of one kind that one subscription names.
    static let maxValues = 1000

    /// Where a client that comes back says what it has seen.
    private static let lastEventID = HTTPField.Name("Last-Event-ID")

    var filter: EventFilter
    /// Where to begin; nil for now.
    let cursor: EventCursor?

    /// How the client asks for a stream of events; nil if it does not, whatever else it asks for.
    static func transport(of head: HTTPRequest) -> Transport? {
        guard head.method == .get, let path = head.path, isOurs(path) else { return nil }
        if head.headerFields[values: .upgrade].contains(where: { $0.lowercased() == "websocket" }) {
            return .socket
        }
        return acceptsFeed(head.headerFields) ? .feed : nil
    }

    private static func isOurs(_ address: String) -> Bool {
        let path = address.prefix { $0 != "?" }
        return path == Self.path || PathPattern.split(String(path)) == PathPattern.split(Self.path)
    }

    /// Whether the client names `text/event-stream` among what it takes.
    static func acceptsFeed(_ headers: HTTPFields) -> Bool {
        headers[values: .accept].joined(separator: ",").split(separator: ",").contains { range in
            let parts = range.lowercased().split(separator: ";").map { $0.filter { $0 != " " } }
            let isRefused = parts.dropFirst().contains { $0.hasPrefix("q=0") && Double($0.dropFirst(2)) == 0 }
            return parts.first == "text/event-stream" && !isRefused
        }
    }

    /// - Throws: ``QueueError`` for a parameter that is unknown or wrong.
    init(_ head: HTTPRequest) throws(QueueError) {
        let query = head.path?.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init)
        let parameters = try QueryParameters(query, allowed: Self.parameters)
        try self.init(parameters, headers: head.headerFields)
    }

    init(_ query: QueryParameters, headers: HTTPFields) throws(QueueError) {
        filter = EventFilter(
            taskIDs: try EventValues.taskIDs(query.values(of: "task_id")),
            types: try EventValues.types(query.values(of: "type")),
            statuses: try EventValues.statuses(query.values(of: "status")))
        // What a client that comes back has seen counts more than the address it first asked.
        if let last = Self.lastEventID.flatMap({ headers[$0] }) {
            cursor = last.isEmpty ? nil : try EventValues.cursor(last, "Last-Event-ID")
        } else {
            cursor = try query.text("after").map { text throws(QueueError) in
                try EventValues.cursor(text, "after")
            }
        }
    }
}
