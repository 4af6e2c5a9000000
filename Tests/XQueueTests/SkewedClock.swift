import Synchronization
import XQueueCore
import XQueueTesting

/// The clocks of one machine among several: time passes as on the others, but its wall clock is off.
final class SkewedClock: QueueClock {
    private let base: ManualClock
    private let skew: Mutex<Duration>

    init(_ base: ManualClock, aheadBy skew: Duration = .zero) {
        self.base = base
        self.skew = Mutex(skew)
    }

    /// Sets the wall clock ahead of the others, or behind them if negative.
    func set(aheadBy duration: Duration) {
        skew.withLock { $0 = duration }
    }

    func now() -> Timestamp { base.now() + skew.withLock { $0 } }
    func instant() -> MonotonicInstant { base.instant() }
    func sleep(until deadline: MonotonicInstant) async throws { try await base.sleep(until: deadline) }
}
