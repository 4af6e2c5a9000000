/// How long a task waits before its next attempt.
public struct RetryPolicy: Sendable, Hashable {
    /// How the wait grows from one retry to the next. The raw values are used on the wire.
    public enum Strategy: String, Sendable, Hashable, CaseIterable {
        /// `delay`, twice `delay`, four times `delay`, …
        case exponential
        /// `delay`, twice `delay`, three times `delay`, …
        case linear
        /// `delay` each time.
        case fixed
    }

    public var strategy: Strategy
    /// The wait before the first retry.
    public var delay: Duration
    /// Maximum wait, before and after jitter.
    public var maxDelay: Duration
    /// The random share of the wait, 0 to 1: at 0.2 the wait is multiplied by 0.8 to 1.2.
    public var jitter: Double

    public init(
        strategy: Strategy = .exponential,
        delay: Duration = .seconds(1),
        maxDelay: Duration = .seconds(300),
        jitter: Double = 0.2
    ) {
        self.strategy = strategy
        self.delay = delay
        self.maxDelay = maxDelay
        self.jitter = jitter
    }

    /// Starts at one second, doubles up to five minutes, with 20 % jitter.
    public static let standard = RetryPolicy()

    /// The wait before retry number `retry` (from 1), to the millisecond.
    ///
    /// - Parameter draw: A random number in 0..<1; 0.5 gives the wait without jitter.
    public func backOff(retry: Int, draw: Double) -> Duration {
        let cap = Double(min(max(maxDelay, .zero), ModelLimits.maxDuration).wholeMilliseconds)
        let base = Double(delay.wholeMilliseconds)
        let steps = Double(max(retry, 1))
        // Capping the exponent at 62 keeps the product finite; every wait has reached its cap by then.
        let grown =
            switch strategy {
            case .fixed: base
            case .linear: base * steps
            case .exponential: base * Double(sign: .plus, exponent: Int(min(steps - 1, 62)), significand: 1)
            }
        let spread = jitter.isFinite ? jitter : 0
        let wait = min(grown, cap) * (1 + spread * (2 * draw - 1))
        return .milliseconds(Int64(min(max(wait, 0), cap)))
    }
}
