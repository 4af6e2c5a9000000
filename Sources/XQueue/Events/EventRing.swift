import XQueueCore

/// The newest events, so that a subscriber that has read the log nearly to its end can join the others.
struct EventRing {
    private let capacity: Int
    /// At most twice the capacity; cut back to it when that is reached.
    private var events: [SharedEvent] = []
    /// The place before the first event kept; nil if there is none.
    private var start: EventCursor?

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Begins anew: all that came before `cursor` is forgotten.
    mutating func restart(after cursor: EventCursor?) {
        events = []
        start = cursor
    }

    mutating func append(_ page: [SharedEvent]) {
        events += page
        guard events.count >= 2 * capacity else { return }
        let surplus = events.count - capacity
        start = events[surplus - 1].event.cursor
        events.removeFirst(surplus)
    }

    /// Whether everything after `cursor` is kept.
    func holds(after cursor: EventCursor) -> Bool { start.map { $0 <= cursor } ?? false }

    /// Up to `limit` events after `cursor`, and whether there are no more; nil if some are forgotten.
    func page(after cursor: EventCursor, limit: Int) -> (events: ArraySlice<SharedEvent>, isLast: Bool)? {
        guard let start, cursor >= start else { return nil }
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].event.cursor <= cursor { low = middle + 1 } else { high = middle }
        }
        let rest = events[low...]
        return (rest.prefix(limit), rest.count <= limit)
    }
}
