import HTTPTypes
import HummingbirdCore
import NIOCore
import XQueue
import XQueueCore

/// A request for events: the filter, and where to begin.
struct EventRequest {
    enum Transport {
        case socket
        case feed
    }

    static let parameters: Set<String> = ["task_id", "type", "status", "after"]
    /// Maximum number of values of one kind in a subscription.
    static let maxValues = 1000

    /// Holds the last cursor seen by a reconnecting client.
    private static let lastEventID = HTTPField.Name("Last-Event-ID")

    var filter: EventFilter
    /// Where to begin; nil = now.
    let cursor: EventCursor?

    /// Returns the stream's route and transport if the request is for a stream; nil otherwise.
    static func stream(
        requestedBy head: HTTPRequest, among routes: [Route]
    ) -> (route: Route, transport: Transport)? {
        guard let path = head.path?.prefix(while: { $0 != "?" }),
            let route = routes.first(where: { $0.method == head.method && $0.path.matches(path) })
        else { return nil }
        if head.headerFields[values: .upgrade].contains(where: { $0.lowercased() == "websocket" }) {
            return (route, .socket)
        }
        return acceptsFeed(head.headerFields) ? (route, .feed) : nil
    }

    /// Whether the client accepts `text/event-stream`.
    static func acceptsFeed(_ headers: HTTPFields) -> Bool {
        headers[values: .accept].joined(separator: ",").split(separator: ",").contains { range in
            let parts = range.lowercased().split(separator: ";").map { $0.filter { $0 != " " } }
            let isRefused = parts.dropFirst().contains { $0.hasPrefix("q=0") && Double($0.dropFirst(2)) == 0 }
            return parts.first == "text/event-stream" && !isRefused
        }
    }

    /// - Parameters:
    ///   - head: The request.
    ///   - allowed: The query parameters of its route.
    /// - Throws: ``QueueError`` for an unknown or invalid parameter.
    init(_ head: HTTPRequest, allowed: Set<String>) throws(QueueError) {
        let query = head.path?.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init)
        let parameters = try QueryParameters(query, allowed: allowed)
        try self.init(parameters, headers: head.headerFields)
    }

    init(_ query: QueryParameters, headers: HTTPFields) throws(QueueError) {
        filter = EventFilter(
            taskIDs: try EventValues.taskIDs(query.values(of: "task_id")),
            types: try EventValues.types(query.values(of: "type")),
            statuses: try EventValues.statuses(query.values(of: "status")))
        // A reconnecting client keeps its original URL; what it has seen since takes precedence.
        if let last = Self.lastEventID.flatMap({ headers[$0] }) {
            cursor = last.isEmpty ? nil : try EventValues.cursor(last, "Last-Event-ID")
        } else {
            cursor = try query.text("after").map { text throws(QueueError) in
                try EventValues.cursor(text, "after")
            }
        }
    }
}

extension QueueAPI {
    /// `GET /api/v1/events` by a client that does not accept a stream, and `HEAD` by one that does.
    ///
    /// ``EventGate`` intercepts requests for streams, so they never get here.
    func events(_ request: APIRequest) throws -> Reply {
        let headers = request.request.headers
        _ = try EventRequest(request.query, headers: headers)
        guard EventRequest.acceptsFeed(headers) else {
            throw QueueError(
                .notAcceptable,
                "events are only available as a stream: send Accept: text/event-stream, or open a WebSocket")
        }
        var replyHeaders = Reply.apiHeaders
        replyHeaders[.contentType] = "text/event-stream"
        return Reply(status: .ok, headers: replyHeaders, body: ByteBuffer())
    }
}

/// Parses filter values, from a query or a WebSocket message.
enum EventValues {
    static func taskIDs(_ texts: [String]) throws(QueueError) -> Set<TaskID> {
        try values(texts, "task_id", "must be a task ID") { TaskID($0) }
    }

    static func types(_ texts: [String]) throws(QueueError) -> Set<String> {
        try values(texts, "type", "must be a task type") {
            1...ModelLimits.typeLength ~= $0.utf8.count ? $0 : nil
        }
    }

    static func statuses(_ texts: [String]) throws(QueueError) -> Set<TaskStatus> {
        let words = TaskStatus.allCases.map(\.rawValue).joined(separator: ", ")
        return try values(texts, "status", "must be one of \(words)") { TaskStatus(rawValue: $0) }
    }

    static func cursor(_ text: String, _ name: String) throws(QueueError) -> EventCursor {
        guard let cursor = EventCursor(text) else {
            throw .invalid(name, "must be an event cursor, or a time in milliseconds since 1970")
        }
        return cursor
    }

    private static func values<Value: Hashable>(
        _ texts: [String], _ name: String, _ rule: String, _ read: (String) -> Value?
    ) throws(QueueError) -> Set<Value> {
        guard texts.count <= EventRequest.maxValues else {
            throw .invalid(name, "must have at most \(EventRequest.maxValues) values")
        }
        var values: Set<Value> = []
        for text in texts {
            guard let value = read(text) else { throw .invalid(name, rule) }
            values.insert(value)
        }
        return values
    }
}
