#if Redis

/// The growing, jittered pause between two attempts to connect.
struct ReconnectBackOff {
    private static let first = 0.05
    private static let last = 2.0
    private var seconds = first

    /// The next pause: half of it fixed, half of it random, so that many nodes do not come back at once.
    mutating func next() -> Duration {
        defer { seconds = min(seconds * 2, Self.last) }
        return .seconds(seconds * Double.random(in: 0.5...1))
    }

    mutating func reset() { seconds = Self.first }
}

#endif
