import Synchronization
import XQueueCore

/// Counts steps within the last minute, second by second.
final class FlowMeter: Sendable {
    private static let window: Int64 = 60

    private struct Second {
        // Earlier than any clock reading.
        var second: Int64 = .min / 2
        var counts = FlowCounts()
    }

    private struct State {
        /// The first second covered completely.
        var first: Int64
        var seconds = [Second](repeating: Second(), count: Int(window))
    }

    private let state: Mutex<State>

    /// - Parameter start: The current instant; nothing before it is known.
    init(start: MonotonicInstant) {
        state = Mutex(State(first: start.wholeSeconds + 1))
    }

    func add(_ counts: FlowCounts, at now: MonotonicInstant) {
        let second = now.wholeSeconds
        state.withLock { state in
            let index = Self.index(of: second)
            if state.seconds[index].second != second { state.seconds[index] = Second(second: second) }
            state.seconds[index].counts = state.seconds[index].counts + counts
        }
    }

    func lastMinute(at now: MonotonicInstant) -> FlowCounts {
        let second = now.wholeSeconds
        return state.withLock { state in
            state.seconds.reduce(FlowCounts()) { sum, slot in
                second - slot.second < Self.window && slot.second <= second ? sum + slot.counts : sum
            }
        }
    }

    /// The seconds before the current one, as far as they are known.
    ///
    /// - Parameter date: The store's clock at `now`.
    func history(at now: MonotonicInstant, date: Timestamp) -> FlowHistory {
        let second = now.wholeSeconds
        return state.withLock { state in
            let first = min(max(state.first, second - Int64(FlowHistory.maxSeconds)), second)
            return FlowHistory(
                start: Timestamp(milliseconds: (date.wholeSeconds - (second - first)) * 1000),
                seconds: (first..<second).map { number in
                    let slot = state.seconds[Self.index(of: number)]
                    return slot.second == number ? slot.counts : FlowCounts()
                })
        }
    }

    private static func index(of second: Int64) -> Int {
        Int(((second % window) + window) % window)
    }
}

extension MonotonicInstant {
    fileprivate var wholeSeconds: Int64 { nanoseconds / 1_000_000_000 }
}
