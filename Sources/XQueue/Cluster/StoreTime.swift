import Synchronization
import XQueueCore

/// What time it is by the store's clock, as far as this node knows.
///
/// The store is asked now and then, and the answer is counted on by this node's monotonic clock: whoever sets the node's
/// wall clock changes nothing here. Until the store has answered, that wall clock has to do.
final class StoreTime: Sendable {
    /// How old an answer may be before the store is asked again.
    private static let freshness = Duration.seconds(10)
    /// Answers take a while to arrive, and not always the same. By less than this they do not differ.
    private static let noise = Duration.milliseconds(500)

    private struct State {
        /// What the store's clock showed at an instant here.
        var known: (time: Timestamp, at: MonotonicInstant)?
        /// When the store was asked last, whatever it answered.
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

    func now() -> Timestamp { date(of: clock.instant()) }

    /// What the store's clock showed, or will show, at an instant here.
    func date(of instant: MonotonicInstant) -> Timestamp {
        guard let known = state.withLock({ $0.known }) else {
            return clock.now() + (instant - clock.instant())
        }
        return known.time + (instant - known.at)
    }

    /// Asks the store if what is known is old.
    ///
    /// - Parameter waits: Whether to wait for the first answer. For a later one nobody waits.
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
        // It ends with the store's answer.
        let asking = Task { await ask() }
        if waits && isFirst { await asking.value }
    }

    private func ask() async {
        // Whoever works with the store says that it fails; this asks again soon.
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
