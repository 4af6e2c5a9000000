import XQueue

/// The subscriptions of one WebSocket, by client-chosen ID.
struct SocketSubscriptions {
    static let maxCount = 100
    /// The ID of the subscription made by the URL.
    static let first = "default"

    private var named: [String: EventFilter]
    private let caller: Caller

    init(_ filter: EventFilter, caller: Caller) {
        named = [Self.first: filter]
        self.caller = caller
    }

    /// The filters; an event is sent if any of them matches.
    var filters: [EventFilter] { Array(named.values) }

    /// Applies a client's message.
    ///
    /// - Returns: The reply.
    /// - Throws: ``QueueError`` if there are too many subscriptions, none with that ID, or the caller lacks access.
    mutating func apply(_ message: SocketMessage) throws(QueueError) -> EventNotice {
        switch message {
        case .subscribe(let id, let filter):
            guard named[id] != nil || named.count < Self.maxCount else {
                throw .invalid("id", "exceeds the limit of \(Self.maxCount) subscriptions")
            }
            named[id] = try caller.narrowed(filter)
            return .subscribed(id)
        case .unsubscribe(let id):
            guard named.removeValue(forKey: id) != nil else {
                throw .invalid("id", "is not a subscription: \(id)")
            }
            return .unsubscribed(id)
        }
    }
}
