import Synchronization
import XQueueCore

/// This node's estimate of the time by the store's clock.
///
/// The store is asked now and then, and its answer advanced by this node's monotonic clock, so setting the node's wall
/// clock changes nothing. Until the store has answered, the wall clock is used.
final class StoreTime: Sendable {
    /// Age after which the store is asked again.
    private static let freshness = Duration.seconds(10)
    /// Answers vary with network latency. Smaller differences than this are ignored.
    private static let noise = Duration.milliseconds(500)

    private struct State {
        /// The store's time at an instant of this node's clock.
        var known: (time: Timestamp, at: MonotonicInstant)?
        /// When the store was last asked, successfully or not.
        var askedAt: MonotonicInstant?
        var isAsking = false
    }

    private let store: any Store
    private let clock: any QueueClock
    private let state = Mutex(State())

    init(store: any Store, clock: any QueueClock) {
        self.store = store
        self.clock = clock
    }

    /// Whether the store has answered.
    var isKnown: Bool { state.withLock { $0.known != nil } }

    func now() -> Timestamp { date(of: clock.instant()) }

    /// Returns the store's time at an instant of this node's clock.
    func date(of instant: MonotonicInstant) -> Timestamp {
        guard let known = state.withLock({ $0.known }) else {
            return clock.now() + (instant - clock.instant())
        }
        return known.time + (instant - known.at)
    }

    /// Asks the store if the estimate is old.
    ///
    /// - Parameter waits: Whether to wait for the first answer. Later ones are never waited for.
    func prepare(waits: Bool) async {
        let now = clock.instant()
        let (asks, isFirst) = state.withLock { state -> (Bool, Bool) in
            let isOld = state.askedAt.map { now - $0 >= Self.freshness } ?? true
            guard isOld, !state.isAsking else { return (false, false) }
            state.isAsking = true
            state.askedAt = now
            return (true, state.known == nil)
        }
        guard asks else { return }
        // Ends with the store's answer.
        let asking = Task { await ask() }
        if waits && isFirst { await asking.value }
    }

    private func ask() async {
        // Others log that the store fails; this asks again soon.
        let answer = try? await store.now()
        let now = clock.instant()
        state.withLock { state in
            state.isAsking = false
            guard let answer else { return }
            if let known = state.known {
                let drift = answer - (known.time + (now - known.at))
                guard drift >= Self.noise || drift <= .zero - Self.noise else { return }
            }
            state.known = (answer, now)
        }
    }
}
