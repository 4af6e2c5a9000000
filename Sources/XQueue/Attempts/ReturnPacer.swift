import Synchronization
import XQueueCore

/// Slows down tasks that are released over and over, such as by workers that claim them while stopping.
///
/// The first releases make a task ready immediately. Each further one within the window makes it wait longer:
/// otherwise it would cycle as fast as the store allows.
final class ReturnPacer: Sendable {
    /// After this long without a release, a task starts over.
    private static let window = Duration.seconds(60)
    /// How many releases have no delay.
    private static let free = 2
    private static let policy = RetryPolicy(delay: .milliseconds(100), maxDelay: .seconds(10), jitter: 0)
    /// Maximum number of tasks tracked; others are not delayed.
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

    /// Returns how long a task that is released now should wait before it is ready again.
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

    /// Drops a task whose attempt has produced an outcome.
    func forget(_ task: TaskID) {
        entries.withLock { entries in
            guard !entries.isEmpty else { return }
            entries[task] = nil
        }
    }
}
