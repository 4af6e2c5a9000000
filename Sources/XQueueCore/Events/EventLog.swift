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

/// What one node at a time does for all, as long as it renews its lease.
public struct ClusterLease: RawRepresentable, Sendable, Hashable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Moving tasks that time has made due, and removing old ones.
    public static let maintenance = ClusterLease(rawValue: "maintenance")

    /// Draining the event log to a sink.
    public static func sink(_ name: String) -> ClusterLease {
        ClusterLease(rawValue: "sink/\(name)")
    }
}

/// Somewhere all events are pushed, such as a broker.
///
/// One node of the cluster drains the log to each sink. Only it calls the sink, one call at a time.
public protocol EventSink: Sendable {
    /// The sink's name in the store, where its cursor is kept: `mqtt`.
    var name: String { get }

    /// Makes ready to deliver. Called when this node begins to drain, and again after a failure.
    func open() async throws

    /// Delivers events, in order, and returns once the other side has acknowledged all of them.
    ///
    /// If it throws, the same events come again after ``open()``. What the other side will never take must not make
    /// it throw, or nothing is delivered any more: it is put aside, and told by ``takeRefusals()``.
    func deliver(_ events: [TaskEvent]) async throws

    /// What the other side refused for good since the last call, and this sink put aside so that the rest goes on.
    /// Asked after each opening and delivery.
    func takeRefusals() -> SinkRefusals

    /// Lets go: another node drains now, or this one ends. Does nothing if it is not open.
    func close() async
}

extension EventSink {
    /// Nothing: a sink that does not know better delivers everything.
    public func takeRefusals() -> SinkRefusals { SinkRefusals() }
}
