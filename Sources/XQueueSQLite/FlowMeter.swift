import Synchronization
import XQueueCore

/// Counts what happened within the last minute, second by second.
final class FlowMeter: Sendable {
    private static let window: Int64 = 60

    private struct Second {
        // Long before any clock.
        var second: Int64 = .min / 2
        var counts = FlowCounts()
    }

    private let seconds = Mutex([Second](repeating: Second(), count: Int(window)))

    func add(_ counts: FlowCounts, at now: MonotonicInstant) {
        let second = now.nanoseconds / 1_000_000_000
        let index = Int(((second % Self.window) + Self.window) % Self.window)
        seconds.withLock { seconds in
            if seconds[index].second != second { seconds[index] = Second(second: second) }
            seconds[index].counts = seconds[index].counts + counts
        }
    }

    func lastMinute(at now: MonotonicInstant) -> FlowCounts {
        let second = now.nanoseconds / 1_000_000_000
        return seconds.withLock { seconds in
            seconds.reduce(FlowCounts()) { sum, slot in
                second - slot.second < Self.window && slot.second <= second ? sum + slot.counts : sum
            }
        }
    }
}
