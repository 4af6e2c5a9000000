import Logging
import Synchronization
import XQueueCore

/// The reader, which follows the log for all subscribers that keep up with it.
extension EventBus {
    /// Maximum time one read of the log waits for an event.
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
                // Logged prominently once, not for every retry.
                context.logger.log(
                    level: hasFailed ? .debug : .warning,
                    "Could not read events; retrying", metadata: ["error": "\(error)"])
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
        // The log continues without a gap, but events published before may have been undone.
        if page.isRewound { reset(to: page.start, isRewound: true, reader: number) }
        if !page.events.isEmpty { publish(page, reader: number) }
        return page.next
    }

    // MARK: - Publishing

    func startReader(_ state: inout State) {
        guard state.reader == nil else { return }
        state.readerNumber += 1
        let number = state.readerNumber
        // Canceled when the last subscriber leaves, or by `stop`.
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

    /// The reader starts at `cursor`, the end of the log.
    func begin(at cursor: EventCursor, reader: Int) {
        state.withLock { state in
            guard state.readerNumber == reader else { return }
            state.position = cursor
            state.ring.restart(after: cursor)
            for (id, subscriber) in state.subscribers {
                guard case .starting = subscriber.phase else { continue }
                goLive(id, after: cursor, &state)
                subscriber.subscription.notify(.started(cursor))
            }
            positions.advance()
        }
    }

    /// The reader has missed part of the log, or the log was rewound; it continues from `cursor`.
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
        for subscription in live { subscription.notify(isRewound ? .rewound(cursor) : .reset(cursor)) }
    }

    /// Publishes a page that the reader has read.
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

    /// Lets a slow subscriber continue at its own pace, for as long as the ring holds what it has not received.
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

    /// Ends a subscription whose next events the ring no longer holds.
    func cutOff(_ subscription: EventSubscription) {
        forget(subscription.id)
        subscription.end(QueueError(.slowConsumer, "events arrive faster than the subscriber takes them"))
    }

    /// Records that a subscriber that is behind has received everything up to `cursor`.
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
