import Synchronization
public import XQueueCore

/// A clock that stands still until a test moves it.
///
/// ``advance(by:)`` lets time pass. ``set(to:)`` and ``step(by:)`` set the wall clock: no time passes, and nobody
/// wakes.
public final class ManualClock: QueueClock {
    private struct Sleeper {
        let deadline: MonotonicInstant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Timestamp
        /// An hour after its beginning, so that a test may count back.
        var instant = MonotonicInstant(nanoseconds: 3_600_000_000_000)
        var sleepers: [Int: Sleeper] = [:]
        var watchers: [Watcher] = []
        var nextID = 0

        mutating func removeSatisfiedWatchers() -> [Watcher] {
            let count = sleepers.count
            let satisfied = watchers.filter { $0.count <= count }
            watchers.removeAll { $0.count <= count }
            return satisfied
        }
    }

    private let state: Mutex<State>

    /// A clock that shows `start`, 2026-01-01T00:00:00Z unless told otherwise.
    public init(_ start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
        state = Mutex(State(now: start))
    }

    public func now() -> Timestamp {
        state.withLock { $0.now }
    }

    public func instant() -> MonotonicInstant {
        state.withLock { $0.instant }
    }

    public func sleep(until deadline: MonotonicInstant) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                register(Sleeper(deadline: deadline, continuation: continuation), as: id)
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func register(_ sleeper: Sleeper, as id: Int) {
        var answer: Result<Void, any Error>?
        var satisfied: [Watcher] = []
        state.withLock { state in
            // Cancellation that came before this point found no sleeper to wake, and shows here.
            if Task.isCancelled {
                answer = .failure(CancellationError())
            } else if sleeper.deadline <= state.instant {
                answer = .success(())
            } else {
                state.sleepers[id] = sleeper
                satisfied = state.removeSatisfiedWatchers()
            }
        }
        if let answer { sleeper.continuation.resume(with: answer) }
        for watcher in satisfied { watcher.continuation.resume() }
    }

    /// Lets time pass and wakes every sleeper whose deadline it reaches, the earliest first.
    ///
    /// - Parameter duration: How much; must not be negative.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "time does not go back; use step(by:) for the wall clock")
        let woken = state.withLock { state in
            state.now = state.now + duration
            state.instant = state.instant + duration
            let due = state.sleepers.filter { $0.value.deadline <= state.instant }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Sets the wall clock to `time`, which may be in its past.
    public func set(to time: Timestamp) {
        state.withLock { $0.now = time }
    }

    /// Sets the wall clock forwards, or back if `duration` is negative.
    public func step(by duration: Duration) {
        state.withLock { $0.now = $0.now + duration }
    }

    /// Number of callers that sleep now.
    public var sleeperCount: Int {
        state.withLock { $0.sleepers.count }
    }

    /// The earliest deadline of all sleepers; nil if nobody sleeps.
    public var nextDeadline: MonotonicInstant? {
        state.withLock { $0.sleepers.values.map(\.deadline).min() }
    }

    /// Waits until at least `count` callers sleep.
    public func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append(Watcher(count: count, continuation: continuation))
                return false
            }
            if isSatisfied { continuation.resume() }
        }
    }
}
