/// What a ``Store`` promises beyond what every store does.
///
/// Whoever needs one of these asks for it here, and never which store it is. The conformance suite demands of a store
/// what it says.
public struct StoreCapabilities: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// This process has the store to itself: no other can ever take over its attempts, and its data cannot be lost
    /// while it is open.
    public static let exclusive = StoreCapabilities(rawValue: 1)
    /// A claim takes the best task of the whole queue, whatever its type. Without it the order holds within each part
    /// of a queue that is spread over several servers.
    public static let globalOrder = StoreCapabilities(rawValue: 1 << 1)
    /// Every free slot of a type can be taken at once. Without it, too, never more tasks of the type run than its limit
    /// says, but for a while there may be fewer though some wait.
    public static let exactTypeLimits = StoreCapabilities(rawValue: 1 << 2)
    /// Events are numbered from 1 without gaps, so that the difference of two cursors says how many are between them.
    public static let gapFreeCursors = StoreCapabilities(rawValue: 1 << 3)
    /// What is waited for moves along when somebody sets the store's wall clock, which takes a monotonic clock beside
    /// it.
    public static let followsClockSteps = StoreCapabilities(rawValue: 1 << 4)
}
