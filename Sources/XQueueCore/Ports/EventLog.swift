/// The part of a ``Store`` that records what happened to its tasks, in order, and how far each sink has got.
public protocol EventLog: Sendable {
    /// Returns up to `limit` events after `cursor`, in order.
    ///
    /// Every call that changes a task's status or progress writes its events in the same atomic step. The log
    /// is capped: the oldest events go first. A cursor of a log that no longer exists leads to the first event
    /// that is not older than the cursor's time.
    ///
    /// - Parameter waiting: How long to wait if there is no event; the page is empty after that.
    func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage

    /// The position after the newest event.
    func lastEvent() async throws(StoreError) -> EventCursor

    /// The position up to which a sink's events have been acknowledged; ``EventCursor/start`` for a new sink.
    func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor

    /// Records that a sink's events up to `cursor` have been acknowledged.
    ///
    /// - Returns: False, without recording anything, if `nodeID` does not hold the sink's lease.
    func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool
}

/// A part of the event log, in order.
public struct EventPage: Sendable, Hashable {
    public var events: [TaskEvent]
    /// Where to continue.
    public var next: EventCursor
    /// Whether events after the requested cursor are no longer in the log: the reader has missed some.
    public var isReset: Bool
    /// Whether the cursor belongs to another log: a failover, a restored copy or data loss has undone what came
    /// before the cursor. The page continues with the first event that is not older than the cursor's time, so
    /// the reader misses none, but tasks may be in an earlier state.
    public var isRewound: Bool
    /// Whether there are more events after `next` already.
    public var hasMore: Bool

    public init(
        events: [TaskEvent], next: EventCursor, isReset: Bool, isRewound: Bool = false, hasMore: Bool
    ) {
        self.events = events
        self.next = next
        self.isReset = isReset
        self.isRewound = isRewound
        self.hasMore = hasMore
    }

    /// The position before the page's first event.
    package var start: EventCursor {
        events.first.map { EventCursor(time: $0.cursor.time, number: $0.cursor.number &- 1) } ?? next
    }
}

/// Event-log retention.
public struct EventRetention: Sendable, Hashable {
    /// Maximum number of events in the log; a store may briefly exceed it by a tenth. 0 writes no events, which
    /// saves their cost, but then tasks cannot be followed.
    public var count: Int
    /// Older events are removed at the next cleanup.
    public var age: Duration

    public init(count: Int = 500_000, age: Duration = .seconds(86_400)) {
        self.count = count
        self.age = age
    }
}
