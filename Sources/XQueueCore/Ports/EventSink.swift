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

/// A message that the other side of a sink refused for good. It was put aside, so that others go on.
public struct SinkRefusal: Sendable, Hashable {
    /// Where it was to go, such as an MQTT topic.
    public var topic: String
    /// Why it was not taken, for people.
    public var reason: String

    public init(topic: String, reason: String) {
        self.topic = topic
        self.reason = reason
    }
}

/// What was put aside: how many messages, and the first few of them.
public struct SinkRefusals: Sendable, Hashable {
    /// How many are named.
    private static let mostNamed = 20
    public private(set) var count = 0
    public private(set) var named: [SinkRefusal] = []

    public init() {}

    public mutating func add(_ refusal: SinkRefusal) {
        count += 1
        if named.count < Self.mostNamed { named.append(refusal) }
    }

    public mutating func add(_ others: SinkRefusals) {
        count += others.count
        named += others.named.prefix(Self.mostNamed - named.count)
    }
}
