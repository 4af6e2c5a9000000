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
        var page = 500
        /// How many of the newest events are kept for subscribers that catch up. Whoever falls behind those is cut off.
        var ring = 4000
        /// The most values that the filters of one subscriber name, and those of all.
        var filterValues = 1000
        var allFilterValues = 200_000
        /// The most subscribers that read the log at once to catch up.
        var readers = 8
    }

    private enum Phase {
        /// Goes live as soon as the reader knows where the log ends.
        case starting
        case catchingUp
        /// Gets what comes after the cursor.
        case live(after: EventCursor)
        /// Takes events more slowly than they come, and has got all up to the cursor.
        case behind(EventCursor)
    }

    private struct Subscriber {
        let subscription: EventSubscription
        var filters: [EventFilter]
        var phase: Phase

        var filterValues: Int { filters.reduce(0) { $0 + $1.valueCount } }
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
        /// Those that take events more slowly than they come.
        var behind: Set<Int> = []
        /// How many values the filters of all subscribers name.
        var filterValues = 0
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
    /// - Throws: ``QueueError/Code/tooManySubscribers``, ``QueueError/Code/stopped``, or
    ///   ``QueueError/Code/invalidField`` if the filters name too many values.
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

    /// Why `filters` cannot take the place of ones with `old` values; nil if they can.
    private func check(_ filters: [EventFilter], replacing old: Int, _ state: State) -> QueueError? {
        let values = filters.reduce(0) { $0 + $1.valueCount }
        guard values <= limits.filterValues else {
            return .invalid("filter", "names \(values) values in all; the limit is \(limits.filterValues)")
        }
        guard state.filterValues - old + values <= limits.allFilterValues else {
            return QueueError(
                .tooManySubscribers, "the limit of filter values of all subscribers to events is reached")
        }
        return nil
    }

    private func forget(_ id: Int) {
        state.withLock { state in
            guard let subscriber = state.subscribers.removeValue(forKey: id) else { return }
            state.filterValues -= subscriber.filterValues
            state.behind.remove(id)
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
                state.filterValues = 0
                state.behind = []
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
        typealias Deliveries = [(EventSubscription, [SharedEvent])]
        let (deliveries, lost, before) = state.withLock {
            state -> (Deliveries, [EventSubscription], EventCursor?) in
            guard state.readerNumber == reader else { return ([], [], nil) }
            let before = state.position
            state.position = page.next
            state.ring.append(events)
            let deliveries = state.index.matches(events).compactMap { id, events in
                guard let subscriber = state.subscribers[id], case .live(let start) = subscriber.phase,
                    let last = events.last, last.event.cursor > start
                else { return nil as Deliveries.Element? }
                return (subscriber.subscription, Self.events(events, after: start))
            }
            let lost = state.behind.compactMap { id -> EventSubscription? in
                guard let subscriber = state.subscribers[id], case .behind(let cursor) = subscriber.phase,
                    !state.ring.holds(after: cursor)
                else { return nil }
                return subscriber.subscription
            }
            return (deliveries, lost, before)
        }
        for subscription in lost { cutOff(subscription) }
        for (subscription, events) in deliveries where !subscription.deliver(events) {
            fallBehind(subscription, after: before ?? page.next)
        }
    }

    /// Lets a subscriber that takes events more slowly than they come go on at its own pace, for as long as the ring
    /// holds what it has not got.
    private func fallBehind(_ subscription: EventSubscription, after cursor: EventCursor) {
        let start = state.withLock { state -> EventCursor? in
            guard case .live(let start)? = state.subscribers[subscription.id]?.phase else { return nil }
            state.subscribers[subscription.id]?.phase = .behind(max(start, cursor))
            state.behind.insert(subscription.id)
            state.index.remove(subscription.id)
            return max(start, cursor)
        }
        // Ends when it has caught up, or the subscription ends.
        if let start { Task { await self.keepUp(subscription, from: start) } }
    }

    /// Ends a subscription whose events the ring does not hold any more.
    func cutOff(_ subscription: EventSubscription) {
        forget(subscription.id)
        subscription.end(QueueError(.slowConsumer, "events come faster than they are taken"))
    }

    /// A subscriber that is behind has got all up to `cursor`.
    func note(_ cursor: EventCursor, of subscription: EventSubscription) {
        state.withLock { state in
            guard case .behind? = state.subscribers[subscription.id]?.phase else { return }
            state.subscribers[subscription.id]?.phase = .behind(cursor)
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
            let wanted = slice.filter { shared in filters.contains { $0.matches(shared.event) } }
            let events = Array(wanted.prefix(bytes: limits.bytes / 2))
            guard isLast, events.count == wanted.count else {
                let last = events.count < wanted.count ? events.last : slice.last
                return .events(events, next: last?.event.cursor ?? position)
            }
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
