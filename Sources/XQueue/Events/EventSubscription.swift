import Synchronization
package import XQueueCore

/// What a subscriber receives, in this order: `started`, then events, with a `reset` where some were missed and
/// a `rewound` where the log was rewound, and finally `ended`.
package enum EventDelivery: Sendable {
    /// Events after the cursor follow.
    case started(EventCursor)
    /// The receiver confirms them with ``EventSubscription/consumed(_:cost:)`` once it has passed them on.
    case events([SharedEvent], cost: Int)
    /// Events were missed; those after the cursor follow.
    case reset(EventCursor)
    /// A failover or restored backup has undone some events delivered before; those after the cursor follow, with
    /// none missing.
    case rewound(EventCursor)
    case ended(QueueError)
}

/// One subscriber of the ``EventBus``.
package final class EventSubscription: Sendable {
    private struct State {
        var events = 0
        var cost = 0
        var hasEnded = false
    }

    let id: Int
    private let limits: EventBus.Limits
    /// Must not block, nor call the bus.
    private let receive: @Sendable (EventDelivery) -> Void
    private let leave: @Sendable (Int) -> Void
    private let replaceFilters: @Sendable (Int, [EventFilter]) throws(QueueError) -> Void
    private let state = Mutex(State())
    /// Signaled once most of what was delivered has been consumed, or the subscription has ended.
    private let room = AsyncEvent()

    init(
        id: Int, limits: EventBus.Limits, receive: @escaping @Sendable (EventDelivery) -> Void,
        leave: @escaping @Sendable (Int) -> Void,
        replaceFilters: @escaping @Sendable (Int, [EventFilter]) throws(QueueError) -> Void
    ) {
        self.id = id
        self.limits = limits
        self.receive = receive
        self.leave = leave
        self.replaceFilters = replaceFilters
    }

    // MARK: - The subscriber's side

    /// Confirms that events have been passed on, which makes room for others.
    package func consumed(_ events: Int, cost: Int) {
        let makesRoom = state.withLock { state in
            let hadRoom = hasRoom(state)
            state.events -= events
            state.cost -= cost
            return !hadRoom && hasRoom(state)
        }
        if makesRoom { room.signal() }
    }

    /// Replaces the filters: an event is delivered if any of them matches, none if there are no filters.
    ///
    /// - Throws: ``QueueError`` if they have too many values; nothing has changed then.
    package func setFilters(_ filters: [EventFilter]) throws(QueueError) {
        try replaceFilters(id, filters)
    }

    /// Ends the subscription: nothing more is delivered.
    package func cancel() {
        guard end() else { return }
        leave(id)
    }

    // MARK: - The bus's side

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func notify(_ delivery: EventDelivery) {
        guard !hasEnded else { return }
        receive(delivery)
    }

    /// Delivers events. If too many would be unconsumed, delivers none and returns false.
    ///
    /// - Parameter isPaced: Whether the caller has waited for room, so that any number is allowed.
    func deliver(_ events: [SharedEvent], isPaced: Bool = false) -> Bool {
        guard !events.isEmpty else { return true }
        let cost = events.reduce(0) { $0 + $1.cost }
        let isAdmitted = state.withLock { state -> Bool? in
            guard !state.hasEnded else { return nil }
            let count = state.events + events.count
            let fits = count <= limits.events && state.cost + cost <= limits.bytes
            guard isPaced || fits else { return false }
            state.events = count
            state.cost += cost
            return true
        }
        if isAdmitted == true { receive(.events(events, cost: cost)) }
        return isAdmitted ?? true
    }

    /// Ends the subscription from the bus's side, which has already removed it.
    func end(_ error: QueueError) {
        if end() { receive(.ended(error)) }
    }

    private func end() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.hasEnded = true }
            return !state.hasEnded
        }
        if isFirst { room.signal() }
        return isFirst
    }

    /// Returns once most of what was delivered has been consumed, the subscription has ended, or the Swift task is
    /// canceled.
    func waitForRoom() async {
        while !state.withLock({ $0.hasEnded || hasRoom($0) }) {
            guard await room.wait() else { return }
        }
    }

    private func hasRoom(_ state: State) -> Bool {
        state.events <= limits.events / 4 && state.cost <= limits.bytes / 4
    }
}
