import Logging
import Synchronization
import XQueueCore

/// Subscribers that read the log, or the ring, at their own pace until they have caught up with the reader.
extension EventBus {
    /// Delivers everything after `start` at the subscriber's pace, until the reader takes over.
    func catchUp(_ subscription: EventSubscription, from start: EventCursor) async {
        var cursor = start
        var isFromLog = false
        var backOff = context.backOff()
        while !subscription.hasEnded {
            await subscription.waitForRoom()
            switch step(subscription, after: cursor, isFromLog: isFromLog) {
            case .end, .joined: return
            case .wait: await waitForPosition()
            case .events(let events, let next):
                _ = subscription.deliver(events, isPaced: true)
                cursor = next
            case .read(let position):
                do throws(StoreError) {
                    guard let next = try await readPage(subscription, after: cursor, upTo: position) else {
                        return
                    }
                    cursor = next
                    isFromLog = true
                    backOff.reset()
                } catch {
                    // The reader logs that the store fails; this only retries.
                    context.logger.debug("Could not read earlier events", metadata: ["error": "\(error)"])
                    guard await backOff.wait() else { return }
                }
            }
        }
    }

    /// Delivers what the ring holds after `start` to a subscriber that has fallen behind, at its pace, until the
    /// reader takes over again.
    func keepUp(_ subscription: EventSubscription, from start: EventCursor) async {
        var cursor = start
        while !subscription.hasEnded {
            await subscription.waitForRoom()
            switch step(subscription, after: cursor, isFromLog: true) {
            case .end, .joined: return
            case .wait: await waitForPosition()
            case .events(let events, let next):
                _ = subscription.deliver(events, isPaced: true)
                cursor = next
                note(cursor, of: subscription)
            case .read: return cutOff(subscription)
            }
        }
    }

    /// Delivers one page of the log. Returns the cursor to continue from, or nil if the subscriber is live now.
    private func readPage(
        _ subscription: EventSubscription, after cursor: EventCursor, upTo position: EventCursor
    ) async throws(StoreError) -> EventCursor? {
        let page = try await page(after: cursor)
        guard !page.isReset else {
            while !subscription.hasEnded, !skipAhead(subscription) { await waitForPosition() }
            return nil
        }
        if page.isRewound { subscription.notify(.rewound(page.start)) }
        let wanted = wanted(page.events, by: subscription)
        let events = Array(wanted.prefix(bytes: limits.bytes / 2))
        _ = subscription.deliver(events, isPaced: true)
        // The rest is read again when there is room.
        if events.count < wanted.count, let last = events.last { return last.event.cursor }
        // The log holds nothing before that position: the reader has the rest.
        return page.events.isEmpty ? max(page.next, position) : page.next
    }

    private func page(after cursor: EventCursor) async throws(StoreError) -> EventPage {
        try await turns.withPermit { () async throws(StoreError) in
            try await store.events(after: cursor, limit: limits.page, waiting: .zero)
        }
    }

    // MARK: - Steps

    /// What to do next for a subscriber that has received everything up to a cursor.
    enum Step {
        /// The subscription has ended.
        case end
        /// The reader delivers the rest.
        case joined
        /// Deliver these.
        case events([SharedEvent], next: EventCursor)
        /// Read the next events, up to the reader's position, from the store.
        case read(upTo: EventCursor)
        /// Wait until the reader knows where the log ends.
        case wait
    }

    /// - Parameter isFromLog: Whether the store returned the cursor. If not, a cursor ahead of the reader may
    ///   belong to another log.
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

    /// Goes live at the reader's position. Returns false if there is none yet.
    func skipAhead(_ subscription: EventSubscription) -> Bool {
        state.withLock { state in
            guard let position = state.position else { return false }
            subscription.notify(.reset(position))
            goLive(subscription.id, after: position, &state)
            return true
        }
    }

    /// Returns the events that match the subscriber's filters.
    func wanted(_ events: [TaskEvent], by subscription: EventSubscription) -> [SharedEvent] {
        let filters = state.withLock { $0.subscribers[subscription.id]?.filters ?? [] }
        return events.compactMap { event in
            filters.contains { $0.matches(event) } ? SharedEvent(event) : nil
        }
    }

    /// Returns when the reader knows where the log ends, or has been stopped.
    func waitForPosition() async {
        let seen = state.withLock { state in
            state.position != nil || state.reader == nil ? nil : positions.value
        }
        if let seen { await positions.wait(past: seen) }
    }
}
