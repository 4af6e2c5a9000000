import Logging
import XQueueCore

extension EventBus {
    /// Brings a subscriber everything after `start`, as fast as it takes it, until the reader goes on for it.
    func catchUp(_ subscription: EventSubscription, from start: EventCursor) async {
        var cursor = start
        var isFromLog = false
        var backOff = BackOff(random: random)
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
                    guard let next = try await readOn(subscription, after: cursor, upTo: position) else {
                        return
                    }
                    cursor = next
                    isFromLog = true
                    backOff.reset()
                } catch {
                    // The reader says that the store fails; this only tries again.
                    logger.debug("Earlier events cannot be read", metadata: ["error": "\(error)"])
                    guard await backOff.wait(clock) else { return }
                }
            }
        }
    }

    /// Brings a subscriber that has fallen behind what the ring holds after `start`, as fast as it takes it, until it gets
    /// the rest from the reader again.
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

    /// Delivers one page of the log; answers where to go on, or nil if the subscriber is live now.
    private func readOn(
        _ subscription: EventSubscription, after cursor: EventCursor, upTo position: EventCursor
    ) async throws(StoreError) -> EventCursor? {
        let page = try await page(after: cursor)
        guard !page.isReset else {
            while !subscription.hasEnded, !skipAhead(subscription) { await waitForPosition() }
            return nil
        }
        if page.isRewound { subscription.tell(.rewound(page.start)) }
        let wanted = wanted(page.events, by: subscription)
        let events = Array(wanted.prefix(bytes: limits.bytes / 2))
        _ = subscription.deliver(events, isPaced: true)
        // What is too much is read once more when there is room.
        if events.count < wanted.count, let last = events.last { return last.event.cursor }
        // Nothing is left of the log before that place: the reader has the rest.
        return page.events.isEmpty ? max(page.next, position) : page.next
    }

    private func page(after cursor: EventCursor) async throws(StoreError) -> EventPage {
        await turns.take()
        defer { turns.giveBack() }
        return try await store.events(after: cursor, limit: limits.page, waiting: .zero)
    }
}
