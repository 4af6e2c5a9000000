import XQueueCore

/// The newest events, which let a subscriber that has almost caught up join the live ones.
struct EventRing {
    private let capacity: Int
    /// At most twice the capacity; trimmed to it then.
    private var events: [SharedEvent] = []
    /// The position before the first event kept; nil before the reader has started.
    private var start: EventCursor?

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Drops all events and restarts after `cursor`.
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

    /// Whether the ring holds everything after `cursor`.
    func holds(after cursor: EventCursor) -> Bool { start.map { $0 <= cursor } ?? false }

    /// Returns up to `limit` events after `cursor`, and whether they are the last; nil if some were dropped.
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
