/// A moment on one process's monotonic clock: it orders and measures what happens there, and dates nothing.
///
/// Instants of two processes have nothing to do with each other, so none is ever stored or sent.
public struct MonotonicInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since a moment that only the clock knows.
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (lhs: MonotonicInstant, rhs: MonotonicInstant) -> Bool {
        lhs.nanoseconds < rhs.nanoseconds
    }

    /// The moment `duration` later, saturating at the ends of the range.
    public static func + (lhs: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (step, carried) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        let (sum, left) = lhs.nanoseconds.addingReportingOverflow(step)
        guard overflow || carried || left else { return MonotonicInstant(nanoseconds: sum) }
        return MonotonicInstant(nanoseconds: duration < .zero ? .min : .max)
    }

    public static func - (lhs: MonotonicInstant, rhs: MonotonicInstant) -> Duration {
        .nanoseconds(lhs.nanoseconds) - .nanoseconds(rhs.nanoseconds)
    }
}
