import Synchronization
import XQueueCore

/// Ends polls whose time is up. One sleep serves all of them, since most are answered long before.
final class PollTimer: Sendable {
    private struct State {
        var polls: [Int: (poll: LeasePoll, deadline: MonotonicInstant)] = [:]
        /// When the sleep ends; nil if there is none.
        var wakesAt: MonotonicInstant?
    }

    private let clock: any QueueClock
    /// Signaled when the sleep must end earlier.
    private let isEarlier = AsyncEvent()
    private let state = Mutex(State())

    init(_ clock: any QueueClock) {
        self.clock = clock
    }

    /// Ends a poll at `deadline` unless it is removed before.
    func add(_ poll: LeasePoll, _ number: Int, until deadline: MonotonicInstant) {
        let wakesAt = state.withLock { state in
            state.polls[number] = (poll, deadline)
            let wakesAt = state.wakesAt
            state.wakesAt = min(wakesAt ?? deadline, deadline)
            return wakesAt
        }
        guard let wakesAt else {
            // Ends once it wakes and no poll is left.
            Task { await self.run() }
            return
        }
        if deadline < wakesAt { isEarlier.signal() }
    }

    func remove(_ number: Int) {
        state.withLock { _ = $0.polls.removeValue(forKey: number) }
    }

    /// Ends all polls, and the sleep.
    func stop() {
        let polls = state.withLock { state in
            defer { state.polls = [:] }
            return state.polls.values.map(\.poll)
        }
        for poll in polls { poll.expire() }
        isEarlier.signal()
    }

    private func run() async {
        while let time = state.withLock({ $0.wakesAt }) {
            await isEarlier.wait(until: time, clock: clock)
            let due = state.withLock { state in
                let now = clock.instant()
                let due = state.polls.filter { $0.value.deadline <= now }
                for number in due.keys { state.polls[number] = nil }
                state.wakesAt = state.polls.values.map(\.deadline).min()
                return due.values.map(\.poll)
            }
            for poll in due { poll.expire() }
        }
    }
}
