import Synchronization
import XQueueCore

/// Slows down tasks that are given back unrun again and again, such as by workers that take them while they stop.
///
/// A task that is given back is ready at once, as it should be the first times. Then each further time within the
/// window makes it wait longer: otherwise it would go round as fast as the store allows.
final class ReturnPacer: Sendable {
    /// A task that was given back this long ago begins anew.
    private static let window = Duration.seconds(60)
    /// How often a task may come back at once.
    private static let free = 2
    private static let policy = RetryPolicy(delay: .milliseconds(100), maxDelay: .seconds(10), jitter: 0)
    /// The most tasks remembered; others come back at once.
    private static let limit = 10_000

    private struct Entry {
        var count: Int
        var time: MonotonicInstant
    }

    private let clock: any QueueClock
    private let entries = Mutex<[TaskID: Entry]>([:])

    init(clock: any QueueClock) {
        self.clock = clock
    }

    /// How long a task that is given back now should wait before it is ready again.
    func delay(of task: TaskID) -> Duration {
        let now = clock.instant()
        let count = entries.withLock { entries in
            if entries[task] == nil, entries.count >= Self.limit {
                entries = entries.filter { $0.value.time + Self.window > now }
                guard entries.count < Self.limit else { return 1 }
            }
            var entry = entries[task] ?? Entry(count: 0, time: now)
            if entry.time + Self.window <= now { entry.count = 0 }
            entry.count += 1
            entry.time = now
            entries[task] = entry
            return entry.count
        }
        return count <= Self.free ? .zero : Self.policy.backOff(retry: count - Self.free, draw: 0)
    }

    /// The attempt was of use.
    func forget(_ task: TaskID) {
        entries.withLock { entries in
            guard !entries.isEmpty else { return }
            entries[task] = nil
        }
    }
}
