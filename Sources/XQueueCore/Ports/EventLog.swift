/// The part of a ``Store`` that tells what happened to its tasks, in order, and up to where each sink has heard it.
public protocol EventLog: Sendable {
    /// Up to `limit` events that come after `cursor`, in order.
    ///
    /// Every call that changes a task's status or progress writes its events in the same atomic step. The
    /// log is capped: what is oldest goes first. A cursor of a log that is no longer there leads to the first
    /// event that is not older than its time.
    ///
    /// - Parameter waiting: If there is none, how long to wait for one. Answers an empty page then.
    func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage

    /// The place after the newest event.
    func lastEvent() async throws(StoreError) -> EventCursor

    /// Up to where a sink's events have been acknowledged; ``EventCursor/start`` for a new sink.
    func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor

    /// Records that a sink's events up to `cursor` have been acknowledged.
    ///
    /// - Returns: False, and nothing is recorded, if `nodeID` does not have the sink's lease.
    func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool
}

/// A part of the event log, in order.
public struct EventPage: Sendable, Hashable {
    public var events: [TaskEvent]
    /// Where to go on.
    public var next: EventCursor
    /// True if events that came after the cursor asked for are no longer in the log: whoever follows the events
    /// has missed some.
    public var isReset: Bool
    /// True if the cursor is of another log than this one: a failover, a restored copy or a loss has taken back
    /// what came before the cursor. The page goes on with the first event that is not older than the cursor's
    /// time, so whoever follows misses none, but tasks may stand where they stood earlier.
    public var isRewound: Bool
    /// True if there is more behind `next` already.
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

    /// The place before the page's first event.
    package var start: EventCursor {
        events.first.map { EventCursor(time: $0.cursor.time, number: $0.cursor.number &- 1) } ?? next
    }
}

/// How long events are kept.
public struct EventRetention: Sendable, Hashable {
    /// The most events in the log; a store may keep up to a tenth more for a moment. With 0 none is written,
    /// and nobody can follow the tasks: that is for taking what the log costs.
    public var count: Int
    /// Older events are removed at the next clean-up.
    public var age: Duration

    public init(count: Int = 500_000, age: Duration = .seconds(86_400)) {
        self.count = count
        self.age = age
    }
}
