import XQueue

/// The subscriptions of one WebSocket, by the names its client gave them.
struct SocketSubscriptions {
    static let maxCount = 100
    /// The name of what the address asked for.
    static let first = "default"

    private var named: [String: EventFilter]
    private let caller: Caller

    init(_ filter: EventFilter, caller: Caller) {
        named = [Self.first: filter]
        self.caller = caller
    }

    /// What any of them matches is sent.
    var filters: [EventFilter] { Array(named.values) }

    /// - Returns: What to answer.
    /// - Throws: ``QueueError`` if there are too many, none of that name, or the caller may not see them.
    mutating func apply(_ message: SocketMessage) throws(QueueError) -> EventNotice {
        switch message {
        case .subscribe(let id, let filter):
            guard named[id] != nil || named.count < Self.maxCount else {
                throw .invalid("id", "is one too many: there are \(Self.maxCount) subscriptions already")
            }
            named[id] = try caller.narrowed(filter)
            return .subscribed(id)
        case .unsubscribe(let id):
            guard named.removeValue(forKey: id) != nil else {
                throw .invalid("id", "names no subscription: \(id)")
            }
            return .unsubscribed(id)
        }
    }
}
