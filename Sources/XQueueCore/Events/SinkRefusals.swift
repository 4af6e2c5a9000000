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
