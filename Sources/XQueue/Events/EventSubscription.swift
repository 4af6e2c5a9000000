import Synchronization
package import XQueueCore

/// What a subscriber is told, in this order: `started` first, then events, with a `reset` where some were
/// missed, a `rewound` where the log was set back, and `ended` last.
package enum EventDelivery: Sendable {
    /// Events that come after the cursor follow.
    case started(EventCursor)
    /// To be confirmed with ``EventSubscription/consumed(_:cost:)`` when they are out.
    case events([SharedEvent], cost: Int)
    /// Events were missed; what comes after the cursor follows.
    case reset(EventCursor)
    /// A failover, or a restored copy, has taken back some of what was told before; what comes after the cursor
    /// follows, and nothing of it is missed.
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
    /// Never blocks, and does not call the bus.
    private let receive: @Sendable (EventDelivery) -> Void
    private let leave: @Sendable (Int) -> Void
    private let replaceFilters: @Sendable (Int, [EventFilter]) throws(QueueError) -> Void
    private let state = Mutex(State())
    /// Most of what was delivered has been consumed, or it has ended.
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

    /// Says that events have been handed on, so that there is room for others.
    package func consumed(_ events: Int, cost: Int) {
        let makesRoom = state.withLock { state in
            let hadRoom = hasRoom(state)
            state.events -= events
            state.cost -= cost
            return !hadRoom && hasRoom(state)
        }
        if makesRoom { room.signal() }
    }

    /// Wants, from now on, what any of `filters` matches; nothing if there are none.
    ///
    /// - Throws: ``QueueError`` if they name too many values; nothing has changed then.
    package func setFilters(_ filters: [EventFilter]) throws(QueueError) {
        try replaceFilters(id, filters)
    }

    /// Ends it: nothing more is delivered.
    package func cancel() {
        guard end() else { return }
        leave(id)
    }

    // MARK: - The bus's side

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func tell(_ delivery: EventDelivery) {
        guard !hasEnded else { return }
        receive(delivery)
    }

    /// Delivers events; false, and delivers none, if that would make too many that are not consumed.
    ///
    /// - Parameter isPaced: The caller has waited for room, so that any number may go.
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

    /// Ends it from the bus's side, which has forgotten it.
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

    /// Returns when most of what was delivered has been consumed, it has ended, or the Swift task is canceled.
    func waitForRoom() async {
        while !state.withLock({ $0.hasEnded || hasRoom($0) }) {
            guard await room.wait() else { return }
        }
    }

    private func hasRoom(_ state: State) -> Bool {
        state.events <= limits.events / 4 && state.cost <= limits.bytes / 4
    }
}
