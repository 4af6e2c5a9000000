import Logging
import Synchronization
import XQueueCore

/// The one that follows the log for all subscribers that keep up with it.
extension EventBus {
    /// How long one look at the log may wait for an event.
    private static let longestWait = Duration.seconds(30)

    /// Follows the log from its end, until the Swift task is canceled.
    func read(_ number: Int) async {
        var backOff = context.backOff()
        var cursor: EventCursor?
        var hasFailed = false
        while !Task.isCancelled {
            do throws(StoreError) {
                cursor = try await next(after: cursor, number)
                backOff.reset()
                hasFailed = false
            } catch {
                guard !Task.isCancelled else { return }
                // An operator need hear of it once, not at every try.
                context.logger.log(
                    level: hasFailed ? .debug : .warning,
                    "Events cannot be read; trying again", metadata: ["error": "\(error)"])
                hasFailed = true
                guard await backOff.wait() else { return }
            }
        }
    }

    private func next(after cursor: EventCursor?, _ number: Int) async throws(StoreError) -> EventCursor {
        guard let cursor else {
            let last = try await store.lastEvent()
            begin(at: last, reader: number)
            return last
        }
        let page = try await store.events(after: cursor, limit: limits.page, waiting: Self.longestWait)
        guard !page.isReset else {
            let last = try await store.lastEvent()
            reset(to: last, reader: number)
            return last
        }
        // What is in the log goes on without a gap, but what was told before may not hold any more.
        if page.isRewound { reset(to: page.start, isRewound: true, reader: number) }
        if !page.events.isEmpty { publish(page, reader: number) }
        return page.next
    }

    // MARK: - What it has read

    func startReader(_ state: inout State) {
        guard state.reader == nil else { return }
        state.readerNumber += 1
        let number = state.readerNumber
        // Ended by the last subscriber that leaves, or by `stop`.
        state.reader = Task { await self.read(number) }
    }

    func stopReader(_ state: inout State) {
        state.reader?.cancel()
        state.reader = nil
        state.readerNumber += 1
        state.position = nil
        state.ring.restart(after: nil)
        positions.advance()
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
            positions.advance()
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
    func fallBehind(_ subscription: EventSubscription, after cursor: EventCursor) {
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
}
