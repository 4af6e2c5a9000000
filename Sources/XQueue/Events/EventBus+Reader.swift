import Logging
import XQueueCore

extension EventBus {
    /// How long one look at the log may wait for an event.
    private static let longestWait = Duration.seconds(30)

    /// Follows the log from its end, until the Swift task is canceled.
    func read(_ number: Int) async {
        var backOff = BackOff(random: random)
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
                logger.log(
                    level: hasFailed ? .debug : .warning,
                    "Events cannot be read; trying again", metadata: ["error": "\(error)"])
                hasFailed = true
                guard await backOff.wait(clock) else { return }
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
}
