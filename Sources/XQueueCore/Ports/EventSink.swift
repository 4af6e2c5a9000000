/// A destination that all events are pushed to, such as a broker.
///
/// One node of the cluster drains the log to each sink. Only that node calls the sink, one call at a time.
public protocol EventSink: Sendable {
    /// The sink's name, under which the store keeps its cursor: `mqtt`.
    var name: String { get }

    /// Prepares for delivery. Called when this node begins to drain, and again after a failure.
    func open() async throws

    /// Delivers events, in order, and returns once the receiver has acknowledged all of them.
    ///
    /// If it throws, the same events come again after ``open()``. For a message the receiver will never accept
    /// it must not throw, or delivery would stop for good: it sets the message aside and reports it through
    /// ``takeRejections()``.
    func deliver(_ events: [TaskEvent]) async throws

    /// Returns the messages rejected for good since the last call and set aside so that the rest is delivered.
    /// Called after each opening and delivery.
    func takeRejections() -> SinkRejections

    /// Closes the connection: another node drains now, or this one is stopping. Does nothing if it is not open.
    func close() async
}

extension EventSink {
    /// Nothing, for a sink that never sets a message aside.
    public func takeRejections() -> SinkRejections { SinkRejections() }
}

/// A message that a sink's receiver rejected for good. It was set aside so that others are delivered.
public struct SinkRejection: Sendable, Hashable {
    /// The message's destination, such as an MQTT topic.
    public var topic: String
    /// Why it was rejected, for people.
    public var reason: String

    public init(topic: String, reason: String) {
        self.topic = topic
        self.reason = reason
    }
}

/// Messages that were set aside: their number, and the first few of them.
public struct SinkRejections: Sendable, Hashable {
    /// Maximum number of rejections listed.
    private static let maxNamed = 20
    public private(set) var count = 0
    public private(set) var named: [SinkRejection] = []

    public init() {}

    public mutating func add(_ rejection: SinkRejection) {
        count += 1
        if named.count < Self.maxNamed { named.append(rejection) }
    }

    public mutating func add(_ others: SinkRejections) {
        count += others.count
        named += others.named.prefix(Self.maxNamed - named.count)
    }
}
