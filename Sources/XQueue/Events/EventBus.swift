import Logging
import Synchronization
package import XQueueCore

/// Brings the store's events to the subscribers in this process.
///
/// One reader follows the log for all of them, and only while there are any. A subscriber that asks for
/// what came earlier reads the log by itself, at its own pace, until it has caught up with the reader.
package final class EventBus: Sendable {
    /// The bounds of the bus.
    struct Limits: Sendable {
        var subscribers: Int
        /// The most events, and bytes, delivered to one subscriber that it has not handed on.
        var events = 20_000
        var bytes: Int
        /// The most events read at once.
        var page = 1000
        /// How many of the newest events are kept for subscribers that catch up.
        var ring = 4000
        /// The most subscribers that read the log at once to catch up.
        var readers = 8
    }

    private enum Phase {
        /// Goes live as soon as the reader knows where the log ends.
        case starting
        case catchingUp
        /// Gets what comes after the cursor.
        case live(after: EventCursor)
    }

    private struct Subscriber {
        let subscription: EventSubscription
        var filters: [EventFilter]
        var phase: Phase
    }

    private struct State {
        var lastID = 0
        var subscribers: [Int: Subscriber] = [:]
        /// Of the live ones.
        var index = SubscriberIndex()
        /// Up to where the reader has read; nil while it does not know where to begin.
        var position: EventCursor?
        var ring: EventRing
        var reader: Task<Void, Never>?
        /// Which reader is the present one.
        var readerNumber = 0
        var waitingForPosition: [CheckedContinuation<Void, Never>] = []
        var isStopped = false
    }

    let store: any TaskStore
    let limits: Limits
    let clock: any QueueClock
    let random: any RandomSource
    let logger: Logger
    let turns: Turns
    private let state: Mutex<State>

    init(
        store: any TaskStore, limits: Limits, clock: any QueueClock, random: any RandomSource, logger: Logger
    ) {
        self.store = store
        self.limits = limits
        self.clock = clock
        self.random = random
        self.logger = logger
        self.turns = Turns(limits.readers)
        self.state = Mutex(State(ring: EventRing(capacity: limits.ring)))
    }

    // MARK: - Subscribers

    /// How many subscribers there are.
    package var count: Int { state.withLock { $0.subscribers.count } }

    /// Subscribes to what any of `filters` matches: from now on, or all that came after `cursor`.
    ///
    /// - Parameter receive: Called for one delivery at a time, on any thread. It must not block, and must
    ///   not call the bus or the subscription.
    /// - Throws: ``QueueError/Code/tooManySubscribers`` or ``QueueError/Code/stopped``.
    package func subscribe(
        _ filters: [EventFilter], after cursor: EventCursor? = nil,
        receive: @escaping @Sendable (EventDelivery) -> Void
    ) throws(QueueError) -> EventSubscription {
        let outcome = state.withLock { state -> Result<EventSubscription, QueueError> in
            guard !state.isStopped else { return .failure(Self.stopped) }
            guard state.subscribers.count < limits.subscribers else { return .failure(Self.full) }
            state.lastID += 1
            let subscription = EventSubscription(
                id: state.lastID, limits: limits, receive: receive,
                leave: { [weak self] in self?.forget($0) },
                replaceFilters: { [weak self] in self?.setFilters($1, of: $0) })
            state.subscribers[subscription.id] = Subscriber(
                subscription: subscription, filters: filters, phase: cursor == nil ? .starting : .catchingUp)
            if let cursor {
                subscription.tell(.started(cursor))
            } else if let position = state.position {
                goLive(subscription.id, after: position, &state)
                subscription.tell(.started(position))
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
        .tooManySubscribers, "the limit of subscribers to events is reached")

    private func goLive(_ id: Int, after cursor: EventCursor, _ state: inout State) {
        guard let filters = state.subscribers[id]?.filters else { return }
        state.subscribers[id]?.phase = .live(after: cursor)
        state.index.insert(id, filters)
    }

    private func setFilters(_ filters: [EventFilter], of id: Int) {
        state.withLock { state in
            guard let subscriber = state.subscribers[id] else { return }
            state.subscribers[id]?.filters = filters
            if case .live = subscriber.phase { state.index.insert(id, filters) }
        }
    }

    private func forget(_ id: Int) {
        state.withLock { state in
            guard state.subscribers.removeValue(forKey: id) != nil else { return }
            state.index.remove(id)
            if state.subscribers.isEmpty { stopReader(&state) }
        }
    }

    /// Ends all subscriptions; no others begin.
    package func stop() {
        let subscribers = state.withLock { state in
            state.isStopped = true
            defer {
                state.subscribers = [:]
                state.index = SubscriberIndex()
            }
            stopReader(&state)
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers { subscriber.subscription.end(Self.stopped) }
    }

    // MARK: - The reader's side

    private func startReader(_ state: inout State) {
        guard state.reader == nil else { return }
        state.readerNumber += 1
        let number = state.readerNumber
        // Ended by the last subscriber that leaves, or by `stop`.
        state.reader = Task { await self.read(number) }
    }

    private func stopReader(_ state: inout State) {
        state.reader?.cancel()
        state.reader = nil
        state.readerNumber += 1
        state.position = nil
        state.ring.restart(after: nil)
        for waiter in state.waitingForPosition { waiter.resume() }
        state.waitingForPosition = []
    }

    /// The reader begins at `cursor`, the end of the log.
    func begin(at cursor: EventCursor, reader: Int) {
        state.withLock { state in
            guard state.readerNumber == reader else { return }
            state.position = cursor
            state.ring.restart(after: cursor)
            for (id, subscriber) in state.subscribers {
                guard case .starting = subscriber.phase else { continue }
                goLive(id, after: cursor, &state)
                subscriber.subscription.tell(.started(cursor))
            }
            for waiter in state.waitingForPosition { waiter.resume() }
            state.waitingForPosition = []
        }
    }

    /// The log went on without the reader, or was set back, and goes on from `cursor`.
    func reset(to cursor: EventCursor, isRewound: Bool = false, reader: Int) {
        let live = state.withLock { state -> [EventSubscription] in
            guard state.readerNumber == reader else { return [] }
            state.position = cursor
            state.ring.restart(after: cursor)
            return state.subscribers.compactMap { id, subscriber in
                guard case .live = subscriber.phase else { return nil }
                state.subscribers[id]?.phase = .live(after: cursor)
                return subscriber.subscription
            }
        }
        for subscription in live { subscription.tell(isRewound ? .rewound(cursor) : .reset(cursor)) }
    }

    /// The reader has read on.
    func publish(_ page: EventPage, reader: Int) {
        let events = page.events.map { SharedEvent($0) }
        let deliveries = state.withLock { state -> [(EventSubscription, [SharedEvent])] in
            guard state.readerNumber == reader else { return [] }
            state.position = page.next
            state.ring.append(events)
            return state.index.matches(events).compactMap { id, events in
                guard let subscriber = state.subscribers[id], case .live(let start) = subscriber.phase,
                    let last = events.last, last.event.cursor > start
                else { return nil }
                return (subscriber.subscription, Self.events(events, after: start))
            }
        }
        for (subscription, events) in deliveries where !subscription.deliver(events) {
            forget(subscription.id)
            subscription.end(QueueError(.slowConsumer, "events come faster than they are taken"))
        }
    }

    private static func events(_ events: [SharedEvent], after start: EventCursor) -> [SharedEvent] {
        guard let first = events.first, first.event.cursor <= start else { return events }
        return events.filter { $0.event.cursor > start }
    }

    // MARK: - For those who catch up

    /// What to do next for a subscriber that has got everything up to a cursor.
    enum Step {
        /// It has ended.
        case end
        /// It gets the rest from the reader now.
        case joined
        /// These come next.
        case events([SharedEvent], next: EventCursor)
        /// What comes next, up to the reader's position, must be read from the store.
        case read(upTo: EventCursor)
        /// The reader does not know yet where the log ends.
        case wait
    }

    /// - Parameter isFromLog: The store knows the cursor: one that is ahead of the reader may be of another
    ///   log.
    func step(_ subscription: EventSubscription, after cursor: EventCursor, isFromLog: Bool) -> Step {
        state.withLock { state in
            guard let filters = state.subscribers[subscription.id]?.filters else { return .end }
            guard let position = state.position else { return .wait }
            if cursor > position, !isFromLog { return .read(upTo: position) }
            if cursor >= position {
                goLive(subscription.id, after: cursor, &state)
                return .joined
            }
            guard let (slice, isLast) = state.ring.page(after: cursor, limit: limits.page) else {
                return .read(upTo: position)
            }
            let events = slice.filter { shared in filters.contains { $0.matches(shared.event) } }
            guard isLast else { return .events(events, next: slice.last?.event.cursor ?? position) }
            // Under the lock, so that nothing newer overtakes these.
            _ = subscription.deliver(events, isPaced: true)
            goLive(subscription.id, after: position, &state)
            return .joined
        }
    }

    /// Goes live at the reader's position, wherever that is; false if there is none yet.
    func skipAhead(_ subscription: EventSubscription) -> Bool {
        state.withLock { state in
            guard let position = state.position else { return false }
            subscription.tell(.reset(position))
            goLive(subscription.id, after: position, &state)
            return true
        }
    }

    /// What of `events` the subscriber wants.
    func wanted(_ events: [TaskEvent], by subscription: EventSubscription) -> [SharedEvent] {
        let filters = state.withLock { $0.subscribers[subscription.id]?.filters ?? [] }
        return events.compactMap { event in
            filters.contains { $0.matches(event) } ? SharedEvent(event) : nil
        }
    }

    /// Returns when the reader knows where the log ends, or has been stopped.
    func waitForPosition() async {
        await withCheckedContinuation { continuation in
            let isKnown = state.withLock { state in
                if state.position != nil || state.reader == nil { return true }
                state.waitingForPosition.append(continuation)
                return false
            }
            if isKnown { continuation.resume() }
        }
    }
}
