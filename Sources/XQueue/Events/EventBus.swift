import Logging
import Synchronization
package import XQueueCore

/// Delivers the store's events to the subscribers in this process.
///
/// One reader follows the log for all of them, and only while there are any. A subscriber that asks for
/// earlier events reads the log itself, at its own pace, until it has caught up with the reader.
package final class EventBus: Sendable {
    /// The limits of the bus.
    struct Limits: Sendable {
        var subscribers: Int
        /// Maximum number of events, and of bytes, delivered to one subscriber but not consumed.
        var events = 20_000
        var bytes: Int
        /// Maximum number of events per read.
        var page = 500
        /// How many of the newest events are kept for slow subscribers. One that falls further behind is cut off.
        var ring = 4000
        /// Maximum number of filter values per subscriber, and for all of them.
        var filterValues = 1000
        var allFilterValues = 200_000
        /// Maximum number of subscribers that read the log concurrently to catch up.
        var readers = 8
    }

    enum Phase {
        /// Becomes live as soon as the reader knows where the log ends.
        case starting
        case catchingUp
        /// Receives events after the cursor from the reader.
        case live(after: EventCursor)
        /// Slower than events arrive; has received everything up to the cursor.
        case behind(EventCursor)
    }

    struct Subscriber {
        let subscription: EventSubscription
        var filters: [EventFilter]
        var phase: Phase

        var filterValues: Int { filters.reduce(0) { $0 + $1.valueCount } }
    }

    struct State {
        var lastID = 0
        var subscribers: [Int: Subscriber] = [:]
        /// Indexes the live subscribers.
        var index = SubscriberIndex()
        /// How far the reader has read; nil until it knows where the log ends.
        var position: EventCursor?
        var ring: EventRing
        var reader: Task<Void, Never>?
        /// Identifies the current reader.
        var readerNumber = 0
        /// Subscribers that take events more slowly than they arrive.
        var behind: Set<Int> = []
        /// Number of filter values of all subscribers.
        var filterValues = 0
        var isStopped = false
    }

    let store: any Store
    let limits: Limits
    let context: EngineContext
    /// Limits concurrent reads by subscribers that catch up.
    let turns: AsyncSemaphore
    /// Advances whenever the reader learns where the log ends, or is stopped.
    let positions = AsyncCounter()
    let state: Mutex<State>

    init(store: any Store, limits: Limits, context: EngineContext) {
        self.store = store
        self.limits = limits
        self.context = context
        self.turns = AsyncSemaphore(limits.readers)
        self.state = Mutex(State(ring: EventRing(capacity: limits.ring)))
    }

    // MARK: - Subscribers

    /// Number of subscribers.
    package var count: Int { state.withLock { $0.subscribers.count } }

    /// Subscribes to the events that match any of `filters`: from now on, or all after `cursor`.
    ///
    /// - Parameter receive: Called for one delivery at a time, on any thread. It must not block, nor call the
    ///   bus or the subscription.
    /// - Throws: ``QueueError/Code/tooManySubscribers``, ``QueueError/Code/stopped``, or
    ///   ``QueueError/Code/invalidField`` if the filters have too many values.
    package func subscribe(
        _ filters: [EventFilter], after cursor: EventCursor? = nil,
        receive: @escaping @Sendable (EventDelivery) -> Void
    ) throws(QueueError) -> EventSubscription {
        let outcome = state.withLock { state -> Result<EventSubscription, QueueError> in
            guard !state.isStopped else { return .failure(Self.stopped) }
            guard state.subscribers.count < limits.subscribers else { return .failure(Self.full) }
            if let error = check(filters, replacing: 0, state) { return .failure(error) }
            state.lastID += 1
            let subscription = EventSubscription(
                id: state.lastID, limits: limits, receive: receive,
                leave: { [weak self] in self?.forget($0) },
                replaceFilters: { [weak self] id, filters throws(QueueError) in
                    try self?.setFilters(filters, of: id)
                })
            state.filterValues += filters.reduce(0) { $0 + $1.valueCount }
            state.subscribers[subscription.id] = Subscriber(
                subscription: subscription, filters: filters, phase: cursor == nil ? .starting : .catchingUp)
            if let cursor {
                subscription.notify(.started(cursor))
            } else if let position = state.position {
                goLive(subscription.id, after: position, &state)
                subscription.notify(.started(position))
            }
            startReader(&state)
            return .success(subscription)
        }
        let subscription = try outcome.get()
        if let cursor {
            // Ends when it has caught up, or the subscription ends.
            Task { await self.catchUp(subscription, from: cursor) }
        }
        return subscription
    }

    private static let stopped = QueueError(.stopped, "the queue is shutting down")
    private static let full = QueueError(
        .tooManySubscribers, "event subscriber limit reached")

    func goLive(_ id: Int, after cursor: EventCursor, _ state: inout State) {
        guard let filters = state.subscribers[id]?.filters else { return }
        state.subscribers[id]?.phase = .live(after: cursor)
        state.behind.remove(id)
        state.index.insert(id, filters)
    }

    private func setFilters(_ filters: [EventFilter], of id: Int) throws(QueueError) {
        try state.withLock { state throws(QueueError) in
            guard let subscriber = state.subscribers[id] else { return }
            if let error = check(filters, replacing: subscriber.filterValues, state) { throw error }
            state.filterValues += filters.reduce(0) { $0 + $1.valueCount } - subscriber.filterValues
            state.subscribers[id]?.filters = filters
            if case .live = subscriber.phase { state.index.insert(id, filters) }
        }
    }

    /// Returns why `filters` cannot replace filters with `old` values; nil if they can.
    private func check(_ filters: [EventFilter], replacing old: Int, _ state: State) -> QueueError? {
        let values = filters.reduce(0) { $0 + $1.valueCount }
        guard values <= limits.filterValues else {
            return .invalid("filter", "has \(values) values in total; the limit is \(limits.filterValues)")
        }
        guard state.filterValues - old + values <= limits.allFilterValues else {
            return QueueError(
                .tooManySubscribers, "filter value limit for all event subscribers reached")
        }
        return nil
    }

    func forget(_ id: Int) {
        state.withLock { state in
            guard let subscriber = state.subscribers.removeValue(forKey: id) else { return }
            state.filterValues -= subscriber.filterValues
            state.behind.remove(id)
            state.index.remove(id)
            if state.subscribers.isEmpty { stopReader(&state) }
        }
    }

    /// Ends all subscriptions and rejects new ones.
    package func stop() {
        let subscribers = state.withLock { state in
            state.isStopped = true
            defer {
                state.subscribers = [:]
                state.filterValues = 0
                state.behind = []
                state.index = SubscriberIndex()
            }
            stopReader(&state)
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers { subscriber.subscription.end(Self.stopped) }
    }
}
